// How the UI is built and served in development. The Rust binary serves `dist` at `/`.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.SPANWISE_DEV_URL ?? "http://127.0.0.1:5000";

export default defineConfig({
  plugins: [react()],
  server: { host: "127.0.0.1", proxy: { "/api": { target: server, changeOrigin: true } } },
  preview: { host: "127.0.0.1", proxy: { "/api": { target: server, changeOrigin: true } } },
  build: {
    // The oldest browsers that know `light-dark()` and the popover attribute; older syntax would only add bytes.
    target: ["chrome123", "firefox128", "safari17.5"],
    // Data URLs are allowed by the content security policy for images only, so nothing else may be inlined.
    assetsInlineLimit: 0,
    // The size script reads it to know which chunks the first page loads.
    manifest: true,
    modulePreload: { polyfill: false },
    // The size script says what matters (gzipped, first page), and fails above its limit.
    reportCompressedSize: false,
  },
  worker: { format: "es" },
});
