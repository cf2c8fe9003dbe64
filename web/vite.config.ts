import { defineConfig } from "vite";

// Names without hashes: the server has every answer checked again, and the built files are committed.
export default defineConfig({
  base: "/",
  build: {
    outDir: "../sinks/web/static",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: {
        entryFileNames: "assets/page.js",
        chunkFileNames: "assets/[name].js",
        assetFileNames: "assets/page[extname]",
      },
    },
  },
});
