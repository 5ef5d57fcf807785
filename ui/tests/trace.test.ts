// The trace page in a real browser, on the real server.
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TraceRecord } from "../src/api/types";
import {
  api,
  type OpenPage,
  openPage,
  type Server,
  seriousViolations,
  startBrowser,
  startServer,
  until,
} from "./harness";
import {
  type Sent,
  sendAgent,
  sendBroken,
  sendFailed,
  sendLarge,
  sendLargeJson,
  sendLongPrompt,
  sendOpen,
  sendSiblings,
} from "./traceData";

const LARGE = 30_000;
/** The goal is a second on an idle machine; tests share theirs with others. */
const LARGE_FIRST_ROW_MS = 5000;

let server: Server;
let browser: Browser;
let agent: Sent;

beforeAll(async () => {
  server = await startServer();
  browser = await startBrowser();
  agent = await sendAgent(server);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Opens a trace on a page of its own, and closes it; a test fails if the console had anything to say. */
async function onTrace(
  sent: Sent,
  query: string,
  body: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
  row = ROWS,
): Promise<void> {
  const opened = await openPage(browser, server, `/traces/${sent.traceId}${query}`, options);
  await opened.page.waitForSelector(row);
  await finish(opened, body);
}

async function finish({ page, problems }: OpenPage, body: (page: Page) => Promise<void>): Promise<void> {
  try {
    await body(page);
    expect(problems).toEqual([]);
  } finally {
    await page.context().close();
  }
}

const ROWS = "[role=treegrid] [role=row]";
const record = (sent: Sent) => api<TraceRecord>(server, `/traces/${sent.traceId}`);
const selected = (page: Page) => page.locator(`${ROWS}[aria-selected=true]`);
const rowNamed = (page: Page, name: string) =>
  page.locator(ROWS, { has: page.getByText(name, { exact: true }) }).first();
const heading = (page: Page) => page.locator("[data-detail] h2");
const names = (page: Page) =>
  page.locator(`${ROWS} [role=gridcell]:first-child > span:nth-of-type(3)`).allTextContents();
/** Waits until an assertion holds: the page needs a moment to draw. */
const eventually = (assertion: () => Promise<void>) =>
  expect
    .poll(
      () =>
        assertion().then(
          () => true,
          (error: Error) => error.message,
        ),
      { timeout: 10_000 },
    )
    .toBe(true);
const sees = (page: Page, text: string) => page.getByText(text).first().waitFor();

describe("tree", () => {
  test("shows each step on a line with its figures, and the gist above", () =>
    onTrace(agent, "", async (page) => {
      expect(await page.locator(ROWS).count()).toBe(7);
      expect(await selected(page).textContent()).toContain("support_agent");
      await sees(page, "May I return the blue jacket of order 4452?");
      await sees(page, "the database did not answer");
      expect(await rowNamed(page, "plan").textContent()).toContain("500");
      await eventually(async () =>
        expect(await rowNamed(page, "search_orders").textContent()).toContain("the database did not answer"),
      );
      expect(await page.locator(ROWS, { hasText: "retry" }).count()).toBe(1);
    }));

  test("a click selects, and the address and the detail follow", () =>
    onTrace(agent, "", async (page) => {
      await rowNamed(page, "find_policy").click();
      await eventually(async () => expect(await heading(page).textContent()).toBe("find_policy"));
      expect(page.url()).toContain(`span=${agent.ids.find_policy}`);
      await page.locator("mark").first().waitFor();
      await sees(page, "kb/returns-0.md");
    }));

  test("the keyboard moves, collapses, expands, steps through errors and hits", () =>
    onTrace(agent, "", async (page) => {
      const at = (text: string) => eventually(async () => expect(await selected(page).textContent()).toContain(text));
      await page.keyboard.press("j");
      await at("plan");
      await page.keyboard.press("k");
      await at("support_agent");
      await page.keyboard.press("ArrowLeft");
      await eventually(async () => expect(await page.locator(ROWS).count()).toBe(1));
      expect(await selected(page).getAttribute("aria-expanded")).toBe("false");
      await sees(page, "1 error below");
      await page.keyboard.press("e");
      await at("search_orders");
      expect(await page.locator(ROWS).count()).toBe(7);
      await page.keyboard.press("Control+f");
      await page.keyboard.type("embed");
      await page.keyboard.press("Enter");
      await at("embed_query");
      await page.keyboard.press("Escape");
      await page.keyboard.press("ArrowLeft");
      await at("find_policy");
      await eventually(async () =>
        expect(await selected(page).evaluate((row) => row === document.activeElement)).toBe(true),
      );
      await page.keyboard.press("Enter");
      await eventually(async () =>
        expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("tab"),
      );
      await page.keyboard.press("Escape");
      await eventually(async () =>
        expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("row"),
      );
    }));

  test("keys that come faster than the page draws are not lost", async () =>
    onTrace(await sendSiblings(server), "", async (page) => {
      await rowNamed(page, "embed").first().click();
      await eventually(async () => expect(await page.locator(ROWS).count()).toBeGreaterThan(30));
      for (let press = 0; press < 12; press++) await page.keyboard.press("j");
      await eventually(async () => expect(await selected(page).getAttribute("aria-rowindex")).toBe("15"));
      await eventually(async () => expect(await heading(page).textContent()).toBe("embed"));
    }));

  test("many siblings of a name are one line, which opens; a failed one stands by itself", async () =>
    onTrace(await sendSiblings(server), "", async (page) => {
      expect(await page.locator(ROWS).count()).toBe(3);
      await sees(page, "× 60");
      await rowNamed(page, "× 60").click();
      await eventually(async () => expect(await page.locator(ROWS).count()).toBeGreaterThan(30));
    }));

  test("missing parents and rings are shown, not lost", async () =>
    onTrace(await sendBroken(server), "", async (page) => {
      expect((await names(page)).sort()).toEqual(["egg", "hen", "orphan"]);
      await sees(page, "no parent");
    }));

  test("dragging in the minimap zooms the axis, a double click shows all", () =>
    onTrace(agent, "", async (page) => {
      const labels = () => page.locator("[aria-hidden=true] > span", { hasText: /s$/ }).allTextContents();
      const before = await labels();
      const box = await page.getByTestId("minimap").boundingBox();
      if (!box) throw new Error("there is no minimap");
      await page.mouse.move(box.x + box.width * 0.1, box.y + 10);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.2, box.y + 10, { steps: 4 });
      await page.mouse.up();
      await eventually(async () => expect(await labels()).not.toEqual(before));
      await page.getByTestId("minimap").dblclick();
      await eventually(async () => expect(await labels()).toEqual(before));
    }));
});

describe("detail", () => {
  test("a link to a span opens it; history is folded, the call's result is with the call", () =>
    onTrace(agent, `?span=${agent.ids.answer}`, async (page) => {
      expect(await heading(page).textContent()).toBe("answer");
      await page.getByText("3 earlier messages, as in the call before").click();
      await sees(page, "You are the support agent of a shop.");
      await page.getByText("→ ").first().waitFor();
      expect(await page.locator("[data-detail] table td", { hasText: "89.90" }).count()).toBe(1);
    }));

  test("a tool call leads to the span that ran it", () =>
    onTrace(agent, `?span=${agent.ids.plan}`, async (page) => {
      await page.getByRole("button", { name: "span", exact: false }).filter({ hasText: "span" }).last().click();
      await eventually(async () => expect(await heading(page).textContent()).toBe("search_orders"));
    }));

  test("attributes can be searched, and filter the list", () =>
    onTrace(agent, `?span=${agent.ids.plan}&tab=attributes`, async (page) => {
      await page.getByLabel("Search attributes").fill("model_name");
      await eventually(async () => expect(await page.locator("[data-detail] tr").count()).toBe(1));
      await page.getByLabel("Filter by llm.model_name").click();
      await page.waitForURL(/\/traces\?filter=/);
      expect(new URL(page.url()).searchParams.get("filter")).toBe("span.attributes.llm.model_name = 'gpt-4o-mini'");
    }));

  test("an error comes first, with its stack trace folded", async () => {
    const failed = await sendFailed(server);
    await onTrace(failed, "", async (page) => {
      await page
        .getByRole("button", { name: /POST payments/ })
        .first()
        .click();
      await sees(page, "ConnectionError");
      await sees(page, "connection reset by peer");
      expect(await page.getByText("line 2").count()).toBe(0);
      await page.getByRole("button", { name: "Stack trace" }).click();
      await sees(page, "line 2");
    });
  });

  test("a prompt of a megabyte opens, and scrolls to its end", async () => {
    const long = await sendLongPrompt(server);
    await onTrace(long, `?span=${long.ids.summarize}`, async (page) => {
      await page.getByRole("button", { name: /Show all/ }).click();
      await sees(page, "Section 1");
      const panel = page.locator("[data-detail] [role=tabpanel]");
      // Heights are guesses until a piece was laid out, so the end is reached in a few steps.
      await until("the end of the prompt is on the screen", async () => {
        await panel.evaluate((element) => element.scrollTo(0, element.scrollHeight));
        return (await page.getByText("THE VERY END").count()) > 0;
      });
      const longest = await longestTask(page, async () => {
        for (let step = 0; step < 40; step++)
          await panel.evaluate((element, top) => nextFrame(() => element.scrollTo(0, top)), step * 4000);
      });
      console.info(`1 MB prompt: longest task while scrolling ${longest} ms`);
      expect(longest).toBeLessThan(400);
    });
  });
});

test("megabytes of JSON open, unfold in ranges, and are searched", async () => {
  await onTrace(await sendLargeJson(server), "", async (page) => {
    const json = page.locator("[data-detail] [aria-label=JSON]").last();
    await json.getByText("0 … 9999").waitFor();
    const longest = await longestTask(page, async () => {
      await json.getByRole("button", { name: "0 … 9999" }).click();
      await json.getByText("100 … 199").waitFor();
      await page.getByLabel("Search in this JSON").last().fill("the needle");
      await json.getByText('"the needle"').waitFor();
    });
    await sees(page, "1 of 1");
    console.info(`2 MB of JSON: longest task while unfolding and searching ${longest} ms`);
    expect(longest).toBeLessThan(400);
  });
});

describe("transcript", () => {
  test("tells the story in order, and expands in place", () =>
    onTrace(
      agent,
      "?view=transcript",
      async (page) => {
        const lines = page.locator("[aria-label=Transcript] [role=listitem]");
        await eventually(async () => {
          const texts = await lines.allTextContents();
          expect(texts[0]).toContain("Asked May I return the blue jacket");
          expect(texts[1]).toContain("support_agent");
          expect(texts[3]).toContain("the database did not answer");
          expect(texts[4]).toContain("search_orders(order_id=4452) → delivered");
          expect(texts.at(-1)).toContain("Answer Yes, until 12 December.");
        });
        await page.getByLabel("Expand answer").first().click();
        await sees(page, "jacket");
        await lines.nth(4).click();
        await eventually(async () => expect(page.url()).toContain(`span=${agent.ids.search_orders}`));
        await page.keyboard.press("j");
        await eventually(async () => expect(page.url()).toContain(`span=${agent.ids.find_policy}`));
        await page.keyboard.press("w");
        await page.waitForSelector(ROWS);
      },
      {},
      "[aria-label=Transcript] [role=listitem]",
    ));
});

describe("judging", () => {
  test("feedback is added, edited and deleted, and kept by the server", async () => {
    const sent = await sendAgent(server);
    await onTrace(sent, "?tab=assessments", async (page) => {
      await page.getByRole("button", { name: "Add feedback or expectation" }).click();
      await page.getByLabel("Name", { exact: true }).fill("quality");
      await page.getByLabel("Kind of value").selectOption("1–5");
      await page.getByLabel("4", { exact: true }).check();
      await page.getByLabel("Why", { exact: true }).fill("polite");
      await page.getByRole("button", { name: "Save" }).click();
      await until("the server has it", async () =>
        (await record(sent)).assessments.find((one) => one.name === "quality" && one.value === 4),
      );
      await page.getByRole("button", { name: "Edit quality" }).click();
      await page.getByLabel("5", { exact: true }).check();
      await page.getByRole("button", { name: "Save" }).click();
      await until("the server has the new value", async () =>
        (await record(sent)).assessments.find((one) => one.value === 5 && one.rationale === "polite"),
      );
      await page.getByRole("button", { name: "Delete quality" }).click();
      await until(
        "the server has forgotten it",
        async () => !(await record(sent)).assessments.some((one) => one.valid && one.name === "quality"),
      );
      await eventually(async () => expect(await page.getByText("polite").count()).toBe(0));
    });
  });

  test("one key rates, the same key takes it back", async () => {
    const sent = await sendAgent(server);
    await onTrace(sent, "", async (page) => {
      await page.keyboard.press("u");
      await until("the thumb is up", async () =>
        (await record(sent)).assessments.find((one) => one.name === "thumbs" && one.value === true),
      );
      await eventually(async () =>
        expect(await page.getByRole("button", { name: "Good" }).getAttribute("aria-pressed")).toBe("true"),
      );
      await until("the rating can be changed", async () => {
        await page.keyboard.press("x");
        return (await record(sent)).assessments.some((one) => one.valid && one.value === false);
      });
      await page.keyboard.press("4");
      await until("the rating is there", async () =>
        (await record(sent)).assessments.find((one) => one.name === "rating" && one.value === 4),
      );
    });
  });

  test("what the server refuses is taken back, with a note", async () => {
    const sent = await sendAgent(server);
    const opened = await openPage(browser, server, `/traces/${sent.traceId}`);
    await opened.page.waitForSelector(ROWS);
    await opened.page.route("**/assessments", (route) =>
      route.fulfill({ status: 503, json: { title: "Busy", detail: "try later", status: 503, type: "about:blank" } }),
    );
    await opened.page.keyboard.press("u");
    await opened.page.getByText("Could not save “thumbs”: try later").waitFor();
    await eventually(async () =>
      expect(await opened.page.getByRole("button", { name: "Good" }).getAttribute("aria-pressed")).toBe("false"),
    );
    await opened.page.context().close();
  });

  test("what is typed in a comment presses no key of the page", async () => {
    const sent = await sendAgent(server);
    await onTrace(sent, "", async (page) => {
      await page.keyboard.press("m");
      await page.getByRole("textbox", { name: "Value" }).and(page.locator(":focus")).waitFor();
      await page.keyboard.type("ux5");
      expect(await page.getByRole("textbox", { name: "Value" }).inputValue()).toBe("ux5");
      await page.getByRole("button", { name: "Save" }).click();
      await until("the comment is kept", async () => (await record(sent)).assessments.length > 0);
      expect((await record(sent)).assessments.map(({ name }) => name)).toEqual(["comment"]);
    });
  });

  test("tags are added and removed", async () => {
    const sent = await sendAgent(server);
    await onTrace(sent, "", async (page) => {
      await page.getByRole("button", { name: "Tags" }).click();
      await page.getByLabel("Key of the new tag").and(page.locator(":focus")).waitFor();
      await page.getByLabel("Key of the new tag").fill("env");
      await page.getByLabel("Value of the new tag").fill("prod");
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await until("the tag is kept", async () => (await record(sent)).own_tags.env === "prod");
      await page.getByRole("button", { name: "Remove env" }).click();
      await until("the tag is gone", async () => !("env" in (await record(sent)).own_tags));
    });
  });

  test("a trace is deleted after a question", async () => {
    const sent = await sendAgent(server);
    await onTrace(sent, "", async (page) => {
      await page.getByRole("button", { name: "More" }).click();
      await page.getByRole("menuitem", { name: "Delete trace…" }).click();
      await page.getByRole("button", { name: "Delete", exact: true }).click();
      await page.waitForURL(/\/traces(\?|$)/);
    });
    expect((await fetch(`${server.url}/api/v1/traces/${sent.traceId}`)).status).toBe(404);
  });
});

describe("size", () => {
  test(`${LARGE} spans open, scroll, and are searched`, async () => {
    const large = await sendLarge(server, LARGE);
    const opened = await openPage(browser, server, "/traces/none");
    await opened.page.getByText("There is no such trace").waitFor();
    opened.problems.length = 0;
    await finish(opened, async (page) => {
      const firstRow = await page.evaluate((path) => {
        const begun = performance.now();
        history.pushState({}, "", path);
        dispatchEvent(new PopStateEvent("popstate"));
        return new Promise<number>((resolve) => {
          const look = () =>
            document.querySelector("[role=treegrid] [role=row]")
              ? resolve(performance.now() - begun)
              : requestAnimationFrame(look);
          look();
        });
      }, `/traces/${large.traceId}`);
      expect(firstRow).toBeLessThan(LARGE_FIRST_ROW_MS);
      expect(Number(await page.locator("[role=treegrid]").getAttribute("aria-rowcount"))).toBeGreaterThan(LARGE / 10);
      expect(await page.locator(ROWS).count()).toBeLessThan(120);
      const tree = await page.locator("[role=treegrid]").boundingBox();
      await page.mouse.move((tree?.x ?? 0) + 100, 500);
      const longest = await longestTask(page, async () => {
        for (let step = 0; step < 60; step++) await page.mouse.wheel(0, 700);
      });
      console.info(
        `${LARGE} spans: first row after ${Math.round(firstRow)} ms, longest task while scrolling ${longest} ms`,
      );
      expect(longest).toBeLessThan(400);
      await page.keyboard.press("Control+f");
      await page.keyboard.type("needle");
      await page.keyboard.press("Enter");
      await eventually(async () => expect(await selected(page).textContent()).toContain("needle_in_haystack"));
    });
  });

  test("a link into a large trace brings the span onto the screen", async () => {
    const large = await sendLarge(server, 5000);
    await onTrace(large, `?span=${large.ids.needle_in_haystack}`, async (page) => {
      await eventually(async () => expect(await selected(page).isVisible()).toBe(true));
      expect(await heading(page).textContent()).toBe("needle_in_haystack");
    });
  });
});

test("over the list the keys belong to the trace", async () => {
  const newest = await sendAgent(server);
  const opened = await openPage(browser, server, `/traces?trace=${newest.traceId}`);
  await opened.page.waitForSelector(ROWS);
  await finish(opened, async (page) => {
    const shown = () => new URL(page.url()).searchParams.get("trace");
    await page.locator("[role=grid] [role=row]", { hasText: "support_agent" }).nth(1).waitFor();
    await page.keyboard.press("j");
    await eventually(async () => expect(await selected(page).textContent()).toContain("plan"));
    expect(shown()).toBe(newest.traceId);
    await page.keyboard.press("J");
    await until("another trace is shown", () => shown() !== null && shown() !== newest.traceId);
    await page.keyboard.press("K");
    await until("the first one is shown again", () => shown() === newest.traceId);
    await page.waitForSelector(ROWS);
    await page.keyboard.press("Escape");
    await until("the drawer is closed", () => shown() === null);
    expect(await page.locator("[role=treegrid]").count()).toBe(0);
  });
});

test("a trace that goes on is followed to its end", async () => {
  const open = await sendOpen(server);
  await onTrace(open, "", async (page) => {
    await sees(page, "Running");
    expect(await rowNamed(page, "long_job").textContent()).toContain("Running");
    await page.getByRole("treegrid").waitFor();
    await open.finish();
    await rowNamed(page, "last_step").waitFor();
    await eventually(async () => expect(await rowNamed(page, "long_job").textContent()).toContain("2.60"));
    expect(await selected(page).textContent()).toContain("long_job");
  });
});

describe("what can't be shown says what to do", () => {
  test("no such trace", async () => {
    const { page } = await openPage(browser, server, "/traces/tr-00000000000000000000000000000000");
    await page.getByText("There is no such trace").waitFor();
    await page.getByRole("button", { name: "Try again" }).waitFor();
    await page.context().close();
  });
  test("a server that is gone, until it is back", async () => {
    const { page } = await openPage(browser, server, "/traces/none");
    await page.getByText("There is no such trace").waitFor();
    await page.route("**/api/v1/traces/tr-*", (route) => route.abort());
    await page.route("**/tree", (route) => route.abort());
    await page.goto(`${server.url}/traces/${agent.traceId}`);
    await page.getByText("The server does not answer").waitFor();
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.waitForSelector(ROWS);
    await page.context().close();
  });
  test("no such span", () =>
    onTrace(agent, "?span=00000000000000ff", async (page) => {
      await sees(page, "There is no such span in this trace");
      await rowNamed(page, "plan").click();
      await eventually(async () => expect(await heading(page).textContent()).toBe("plan"));
    }));
});

describe.each(["dark", "light"] as const)("%s", (colorScheme) => {
  test.each(["", "?tab=attributes", "?tab=raw", "?tab=assessments", "?view=transcript"])(
    "axe finds nothing serious on %s",
    (query) =>
      onTrace(
        agent,
        `${query || "?"}&span=${agent.ids.answer}`,
        async (page) => {
          await heading(page).waitFor();
          await page.waitForSelector("[data-detail] [role=tabpanel] > *");
          expect(await seriousViolations(page)).toEqual([]);
        },
        { colorScheme },
        `${ROWS}, [aria-label=Transcript] [role=listitem]`,
      ),
  );
});

/** The longest task of the page's main thread while something is done, in ms; 0 if none took 50 ms. */
async function longestTask(page: Page, action: () => Promise<void>): Promise<number> {
  await page.evaluate(() => {
    const state = { longest: 0 };
    Object.assign(window, {
      longTasks: state,
      nextFrame: (act: () => void) =>
        new Promise<void>((done) =>
          requestAnimationFrame(() => {
            act();
            done();
          }),
        ),
    });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) state.longest = Math.max(state.longest, entry.duration);
    }).observe({ type: "longtask" });
  });
  await action();
  return page.evaluate(
    () =>
      new Promise<number>((resolve) =>
        requestAnimationFrame(() =>
          resolve(Math.round((window as unknown as { longTasks: { longest: number } }).longTasks.longest)),
        ),
      ),
  );
}

declare function nextFrame(action: () => void): Promise<void>;
