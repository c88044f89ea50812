import { defineConfig } from "vite";

// Each entry is an island (or the theme) that a page asks for by name; the server reads manifest.json.
export default defineConfig({
  base: "/assets/",
  build: {
    outDir: "dist",
    assetsDir: "",
    manifest: "manifest.json",
    license: { fileName: "licences.md" },
    target: "es2022",
    // Images stay files so that the content security policy needs no exception for data: in style sheets of ours.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      input: {
        theme: "src/theme/theme.css",
        map: "src/map/map.ts",
        chart: "src/chart.ts",
        live: "src/live.ts",
        forms: "src/forms.ts",
        api: "src/api.ts",
        passkey: "src/passkey.ts",
        receipt: "src/receipt.ts",
      },
    },
  },
});
