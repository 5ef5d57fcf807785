// The one way to the server: JSON requests against `/api/v1` on this page's origin, and errors as `ApiError`.
import type { FilterProblem, Problem } from "./types";

export type QueryValue = string | number | boolean | null | undefined | readonly string[];

/** What the server refused, or could not be asked. `status` is 0 if it could not be reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly title: string;
  readonly problems: FilterProblem[];

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ApiError";
    this.status = problem.status;
    this.title = problem.title;
    this.problems = problem.errors ?? [];
  }
}

/** Returns the address of a route below `/api/v1`; empty values are left out, lists repeat their name. */
export function apiUrl(path: string, query: Record<string, QueryValue> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "") continue;
    if (Array.isArray(value)) for (const item of value) search.append(name, item);
    else search.append(name, String(value));
  }
  const text = search.toString();
  return `/api/v1${path}${text ? `?${text}` : ""}`;
}

export interface RequestOptions {
  query?: Record<string, QueryValue>;
  body?: unknown;
  method?: string;
  signal?: AbortSignal;
}

/** Asks for JSON. A 204 answers `undefined`. */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(path, options);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

/** Asks for text as it is, e.g. one attribute's whole value. */
export async function requestText(path: string, options: RequestOptions = {}): Promise<string> {
  return (await send(path, options)).text();
}

async function send(path: string, options: RequestOptions): Promise<Response> {
  const init: RequestInit = { method: options.method ?? (options.body === undefined ? "GET" : "POST") };
  if (options.signal) init.signal = options.signal;
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
    init.headers = { "content-type": "application/json" };
  }
  let response: Response;
  try {
    response = await fetch(apiUrl(path, options.query), init);
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new ApiError({
      type: "about:blank",
      title: "Not reachable",
      status: 0,
      detail: "The server does not answer.",
    });
  }
  if (!response.ok) throw new ApiError(await readProblem(response));
  return response;
}

async function readProblem(response: Response): Promise<Problem> {
  const fallback = { type: "about:blank", title: response.statusText, status: response.status, detail: "" };
  const text = await response.text();
  try {
    return { ...fallback, ...(JSON.parse(text) as Partial<Problem>) };
  } catch {
    return { ...fallback, detail: text.slice(0, 500) || `The server answered ${response.status}.` };
  }
}
