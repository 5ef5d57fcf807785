// The list of traces in a browser: what is shown, filters, facets, histogram, opening, keys, bulk actions, themes.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  api,
  type OpenPage,
  openPage,
  type Server,
  send,
  seriousViolations,
  startBrowser,
  startServer,
  until,
} from "./harness";
import { sample } from "./sample";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
  await send(server, sample());
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Opens a page, runs the test on it, and expects that nothing complained. */
async function on(path: string, test: (page: Page) => Promise<void>, options = {}): Promise<void> {
  const opened: OpenPage = await openPage(browser, server, path, options);
  await test(opened.page);
  expect(opened.problems).toEqual([]);
  await opened.page.context().close();
}

const rows = (page: Page) => page.locator("[data-trace]");
const total = (page: Page) => page.getByTestId("figure-count").innerText();
const filterText = (page: Page) => page.getByRole("textbox", { name: "Filter" }).innerText();
const query = (page: Page, key: string) => new URL(page.url()).searchParams.get(key);

async function expectTotal(page: Page, count: number): Promise<void> {
  await until(`${count} traces are counted`, async () => (await total(page)).split("\n")[1] === String(count));
}

async function writeFilter(page: Page, text: string): Promise<void> {
  await rows(page).first().waitFor();
  await page.keyboard.press("/");
  await page.getByRole("textbox", { name: "Filter" }).waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Filter");
  await page.keyboard.type(text);
}

describe("the list", () => {
  it("shows every figure of 28 rows or more without scrolling at 1600 × 1000", () =>
    on("/traces", async (page) => {
      await rows(page).first().waitFor();
      await expectTotal(page, 240);
      const view = await page.evaluate(() => {
        const scroller = document.querySelector("[data-testid=trace-table]") as HTMLElement;
        const all = [...document.querySelectorAll("[data-trace]")].map((row) => row.getBoundingClientRect());
        return {
          whole: all.filter((row) => row.bottom <= innerHeight).length,
          sideways: scroller.scrollWidth > scroller.clientWidth,
          columns: [...document.querySelectorAll("[role=columnheader]")].map((cell) => cell.textContent),
          first: document.querySelector("[data-trace]")?.textContent,
        };
      });
      expect(view.whole).toBeGreaterThanOrEqual(28);
      expect(view.sideways).toBe(false);
      const names = ["Time", "Name", "Input", "Output", "Status", "Latency", "Tokens", "Cost", "Session", "User"];
      expect(view.columns.slice(1)).toEqual(names);
      expect(view.first).toContain("Where is order 239?");
    }));

  it("loads further pages while it is scrolled", () =>
    on("/traces", async (page) => {
      await rows(page).first().waitFor();
      const last = page.getByText("Where is order 0?", { exact: true });
      await until("the oldest trace is in sight", async () => {
        await page.getByTestId("trace-table").evaluate((table) => table.scrollTo({ top: table.scrollHeight }));
        return last.isVisible();
      });
    }));

  it("is ordered by a click on a heading, and the address says so", () =>
    on("/traces", async (page) => {
      await rows(page).first().waitFor();
      await page.getByRole("columnheader", { name: "Tokens" }).getByRole("button").click();
      await until("the most tokens come first", async () =>
        (await rows(page).first().innerText()).includes("order 99?"),
      );
      expect(query(page, "order")).toBe("tokens DESC");
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
      await until("Enter opens a row and does not sort again", () => query(page, "trace") !== null);
      expect(query(page, "order")).toBe("tokens DESC");
    }));
});

describe("the filter", () => {
  it("is completed by the server and applied by Enter", () =>
    on("/traces", async (page) => {
      await writeFilter(page, "stat");
      await page.getByRole("option", { name: "status" }).first().waitFor();
      await page.keyboard.press("Tab");
      await page.keyboard.type("= 'ERR");
      await page.getByRole("option", { name: "ERROR" }).first().waitFor();
      await page.keyboard.press("Tab");
      await until("the value is whole", async () => (await filterText(page)).includes("'ERROR'"));
      await page.keyboard.press("Enter");
      await expectTotal(page, 24);
      expect(query(page, "filter")).toBe("status = 'ERROR'");
    }));

  it("says what it can't read, and one key puts it right", () =>
    on("/traces", async (page) => {
      await writeFilter(page, "stauts = 'ERROR'");
      await page.keyboard.press("Enter");
      const problems = page.getByRole("list", { name: "Problems of the filter" });
      await problems.getByText("did you mean").waitFor();
      expect(await page.locator(".cm-problem").innerText()).toBe("stauts");
      expect(query(page, "filter")).toBeNull();
      await page.keyboard.press("Tab");
      await until("the text is put right", async () => (await filterText(page)) === "status = 'ERROR'");
      await problems.waitFor({ state: "detached" });
      await page.keyboard.press("Enter");
      await expectTotal(page, 24);
    }));

  it("goes back to what is applied by Escape, and searches for bare words", () =>
    on("/traces?filter=tokens+>+0", async (page) => {
      await rows(page).first().waitFor();
      await writeFilter(page, " AND nothing = 1");
      await page.keyboard.press("Enter");
      await page.locator("section[data-stale]").waitFor();
      await page.keyboard.press("Escape");
      await until("the text is the applied one", async () => (await filterText(page)) === "tokens > 0");
      await page.locator("section[data-stale]").waitFor({ state: "detached" });
      await writeFilter(page, " AND order");
      await page.keyboard.press("Enter");
      await until("the words are searched for", () => query(page, "filter") === "tokens > 0 AND text ~ 'order'");
    }));

  it("marks the right place after characters of several bytes", () =>
    on("/traces", async (page) => {
      await writeFilter(page, "name = 'é€😀' AND stauts = 'OK'");
      await page.keyboard.press("Enter");
      await page.locator(".cm-problem").waitFor();
      expect(await page.locator(".cm-problem").innerText()).toBe("stauts");
    }));

  it("that leaves nothing names the clauses and offers to take them away", () =>
    on(`/traces?filter=${encodeURIComponent("status = 'ERROR' AND name = 'nobody'")}`, async (page) => {
      await page.getByText("No trace matches").waitFor();
      const way = page.getByRole("listitem").filter({ hasText: "name = 'nobody'" });
      await way.getByText("24 traces").waitFor();
      await way.getByRole("button", { name: "Remove" }).click();
      await expectTotal(page, 24);
      expect(query(page, "filter")).toBe("status = 'ERROR'");
    }));
});

describe("facets", () => {
  it("of spans narrow one after the other, each by a group of its own", () =>
    on("/traces", async (page) => {
      await rows(page).first().waitFor();
      await page.keyboard.press("f");
      const facets = page.getByRole("complementary", { name: "Facets" });
      for (const name of ["Model", "Span type"]) {
        const facet = facets.locator("section", { has: page.getByRole("button", { name, exact: true }) });
        await facet.locator("li button").first().click();
        await facet.locator("li button[aria-pressed=true]").waitFor();
      }
      await until("both are applied", () =>
        /^span\(model = '.+'\) AND span\(type = '.+'\)$/.test(query(page, "filter") ?? ""),
      );
      await rows(page).first().waitFor();
    }));

  it("edit the filter's text: include, add, exclude", () =>
    on("/traces?filter=tokens+>+0", async (page) => {
      await rows(page).first().waitFor();
      await page.keyboard.press("f");
      const facets = page.getByRole("complementary", { name: "Facets" });
      const value = (name: string) => facets.getByRole("button", { name: new RegExp(`^${name}`) }).first();
      await value("support_agent").click();
      await expectTotal(page, 80);
      expect(await filterText(page)).toBe("tokens > 0 AND name = 'support_agent'");
      await value("rag_pipeline").click();
      await expectTotal(page, 160);
      expect(await filterText(page)).toBe("tokens > 0 AND name IN ('support_agent', 'rag_pipeline')");
      await value("ERROR").click({ modifiers: ["Alt"] });
      await expectTotal(page, 144);
      expect(await filterText(page)).toContain("AND NOT status = 'ERROR'");
      await page.goBack();
      await expectTotal(page, 160);
    }));
});

describe("the histogram", () => {
  it("zooms the time range by a drag, and back goes back", () =>
    on("/traces", async (page) => {
      await expectTotal(page, 240);
      const box = await page.getByTestId("histogram").boundingBox();
      if (!box) throw new Error("the histogram has no box");
      await page.mouse.move(box.x + box.width * 0.5, box.y + 20);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.75, box.y + 20, { steps: 4 });
      await page.mouse.up();
      await until("fewer are counted", async () => Number((await total(page)).split("\n")[1]) < 240);
      expect(query(page, "from")).toMatch(/^\d{13}$/);
      expect(query(page, "to")).toMatch(/^\d{13}$/);
      await page.goBack();
      await expectTotal(page, 240);
    }));

  it("shows another figure when that is clicked", () =>
    on("/traces", async (page) => {
      await page.getByTestId("figure-cost").click();
      await until("the address says so", () => query(page, "metric") === "cost");
      expect(await page.getByTestId("figure-cost").getAttribute("aria-pressed")).toBe("true");
    }));
});

describe("an open trace", () => {
  it("lies over the list, is in the address, and closes by Escape", () =>
    on("/traces", async (page) => {
      await rows(page).nth(2).click();
      await page.getByTestId("trace-drawer").waitFor();
      const id = await rows(page).nth(2).getAttribute("data-trace");
      expect(query(page, "trace")).toBe(id);
      await page.keyboard.press("J");
      const next = await rows(page).nth(3).getAttribute("data-trace");
      await until("the next trace is open", () => query(page, "trace") === next);
      await page.keyboard.press("Escape");
      await page.getByTestId("trace-drawer").waitFor({ state: "detached" });
      expect(query(page, "trace")).toBeNull();
    }));

  it("is opened by a link, with its list behind it", async () => {
    const { traces } = await api<{ traces: { trace_id: string }[] }>(server, "/traces?limit=1");
    const id = traces[0]?.trace_id ?? "";
    await on(`/traces?filter=${encodeURIComponent("status = 'OK'")}&trace=${id}`, async (page) => {
      await page.getByTestId("trace-drawer").waitFor();
      await expectTotal(page, 216);
    });
  });
});

describe("the address", () => {
  it("holds everything: what is selected, how it is shown, what is open", async () => {
    const { traces } = await api<{ traces: { trace_id: string }[] }>(server, "/traces?limit=1");
    const state = `filter=tokens+>+0&from=-30d&order=tokens+DESC&metric=cost&columns=time,name,tokens&trace=${traces[0]?.trace_id}`;
    await on(`/traces?${state}`, async (page) => {
      const expectState = async () => {
        await page.getByTestId("trace-drawer").waitFor();
        await until("the most tokens come first", async () => (await rows(page).first().innerText()).includes("90"));
        expect(await page.getByRole("columnheader").allInnerTexts()).toEqual(["", "Time", "Name", "Tokens"]);
        expect(await page.getByTestId("figure-cost").getAttribute("aria-pressed")).toBe("true");
        await page.getByRole("button", { name: "Last 30 days" }).waitFor();
        await until("the filter is written", async () => (await filterText(page)) === "tokens > 0");
      };
      await expectState();
      await page.reload();
      await expectState();
    });
  });
});

describe("the keyboard", () => {
  it("moves, opens, selects, filters by a value", () =>
    on("/traces", async (page) => {
      await rows(page).first().waitFor();
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      const second = await rows(page).nth(1).getAttribute("data-trace");
      await page.keyboard.press("Enter");
      await until("the second row is open", () => query(page, "trace") === second);
      await page.keyboard.press("Escape");
      await page.keyboard.press("x");
      await page.getByText("1 selected").waitFor();
      await page.keyboard.press("Escape");
      await page.getByText("1 selected").waitFor({ state: "detached" });
      await page.keyboard.press(".");
      await until("the name is the filter", async () => (await filterText(page)).startsWith("name = '"));
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Search and commands" }).fill("sessions");
      await page.keyboard.press("Enter");
      await until("the sessions are shown", () => new URL(page.url()).pathname === "/sessions");
    }));
});

describe("bulk actions", () => {
  it("tag what is selected after naming how many", () =>
    on("/traces", async (page) => {
      await rows(page).first().waitFor();
      for (const key of ["j", "x", "j", "x"]) await page.keyboard.press(key);
      await page.getByRole("region", { name: "Selected traces" }).getByRole("button", { name: "Tag" }).click();
      await page.getByRole("dialog", { name: "Tag 2 traces" }).waitFor();
      await page.getByLabel("Key", { exact: true }).fill("reviewed");
      await page.getByLabel("Value", { exact: true }).fill("yes");
      await page.getByTestId("bulk-confirm").click();
      await page.getByText("2 traces tagged").waitFor();
      const filter = encodeURIComponent("tags.reviewed = 'yes'");
      expect((await api<{ total: number }>(server, `/traces/histogram?filter=${filter}`)).total).toBe(2);
    }));
});

describe("looks", () => {
  it.each(["dark", "light"] as const)("%s follows the system and has no serious fault for axe", (colorScheme) =>
    on(
      "/traces",
      async (page) => {
        await rows(page).first().waitFor();
        await page.keyboard.press("f");
        await page.getByRole("complementary", { name: "Facets" }).getByText("support_agent").first().waitFor();
        const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const lightness = Number(/oklch\((\d*\.?\d+)/.exec(background)?.[1]);
        expect(lightness > 0.5).toBe(colorScheme === "light");
        expect(await seriousViolations(page)).toEqual([]);
      },
      { colorScheme },
    ),
  );

  it("menus, dialogs and the open trace have no serious fault either", () =>
    on("/traces", async (page) => {
      await rows(page).first().click({ button: "right" });
      await page.getByRole("menuitem", { name: "Copy trace id" }).waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "All time" }).click();
      await page.getByRole("menuitemradio", { name: "Last hour" }).waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await writeFilter(page, "st");
      await page.getByRole("option", { name: "status" }).first().waitFor();
      expect(await seriousViolations(page)).toEqual([]);
    }));

  it("are switched by the keyboard and remembered", () =>
    on(
      "/traces",
      async (page) => {
        await rows(page).first().waitFor();
        await page.keyboard.press("Control+Shift+L");
        const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
        expect(await theme()).toBe("light");
        await page.reload();
        expect(await theme()).toBe("light");
        await page.keyboard.press("Control+Shift+L");
        await until("the system is followed again", async () => (await theme()) === undefined);
      },
      { colorScheme: "dark" },
    ));
});
