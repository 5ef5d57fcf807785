// Two projects: `unit` runs pure code and components in happy-dom; `browser` drives the release binary (SPANWISE_BIN)
// with headless Chromium.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [react()],
        test: { name: "unit", environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
      },
      {
        test: {
          name: "browser",
          environment: "node",
          include: ["tests/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Each file starts a server and a browser of its own; more at once would only compete for the same cores.
          fileParallelism: false,
        },
      },
    ],
  },
});
