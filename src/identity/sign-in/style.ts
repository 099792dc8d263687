import { createHash } from 'node:crypto'

/** The style of every page. It stands in the page itself, so that no page needs a second request. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#f4f5f7;--card:#fff;--quiet:#57606a;--line:#8c959f;--act:#0a58ca;--on-act:#fff;--bad:#a40e26;--bad-paper:#fff1f1}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--card:#161b22;--quiet:#a5b0bb;--line:#768390;--act:#79b8ff;--on-act:#0d1117;--bad:#ff9b9b;--bad-paper:#2d1517}}
*{box-sizing:border-box}
html{font:100%/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
body{margin:0;padding:1rem;min-height:100vh;background:var(--paper);color:var(--ink)}
main{max-width:34rem;margin:6vh auto 2rem;padding:1.75rem;background:var(--card);border:1px solid color-mix(in srgb,var(--line) 45%,transparent);border-radius:.75rem;overflow-wrap:anywhere}
.brand{margin:0 0 1rem;color:var(--quiet);font-size:.875rem;letter-spacing:.02em}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25}
h2{margin:1.75rem 0 .5rem;font-size:1.0625rem}
p{margin:0 0 1rem}
strong{white-space:nowrap}
ol,ul{margin:0 0 1rem;padding-left:1.25rem}
ul.ways{list-style:none;padding:0}
ul.ways li{margin:0 0 .625rem}
label{display:block;margin:0 0 .25rem;font-weight:600}
.hint{margin:-.125rem 0 .375rem;color:var(--quiet);font-size:.875rem}
input,textarea{display:block;width:100%;margin:0 0 1rem;padding:.625rem .75rem;font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--line);border-radius:.5rem}
input.code{font-family:ui-monospace,"Liberation Mono",monospace;letter-spacing:.1em}
textarea{min-height:9.5rem;font:.8125rem/1.5 ui-monospace,"Liberation Mono",monospace;resize:vertical;overflow-wrap:anywhere;word-break:break-all}
.button,button{display:block;width:100%;margin:0;padding:.6875rem 1rem;font:inherit;font-weight:600;text-align:center;text-decoration:none;color:var(--on-act);background:var(--act);border:1px solid var(--act);border-radius:.5rem;cursor:pointer}
.button.plain,button.plain{color:var(--act);background:transparent}
button+button{margin-top:.625rem}
.button:hover,button:hover{text-decoration:underline}
a{color:var(--act)}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}
.or{display:flex;align-items:center;gap:.75rem;margin:1.25rem 0;color:var(--quiet);font-size:.875rem}
.or::before,.or::after{content:"";flex:1;border-top:1px solid color-mix(in srgb,var(--line) 60%,transparent)}
.alert{margin:0 0 1rem;padding:.75rem 1rem;color:var(--bad);background:var(--bad-paper);border:1px solid var(--bad);border-radius:.5rem}
dl{margin:0 0 1rem}
dt{color:var(--quiet);font-size:.875rem}
dd{margin:0 0 .625rem}
dd ul{margin:0;padding-left:1.125rem}
summary{padding:.125rem 0;cursor:pointer}
code,pre{font:.875rem/1.5 ui-monospace,"Liberation Mono",monospace}
pre{margin:0 0 1rem;padding:.75rem;white-space:pre-wrap;background:var(--paper);border-radius:.5rem}
.quiet{color:var(--quiet);font-size:.875rem}
@media (max-width:26rem){body{padding:0}main{margin:0;min-height:100vh;padding:1.25rem 1rem;border:0;border-radius:0}}
@media (forced-colors:active){.button,button{border:2px solid ButtonText}}
@media print{main{border:0}}
`

/** As the policy for content names it: this style and no other. */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`
