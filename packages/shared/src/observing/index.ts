// Pages for a monitor, of coordinator and agent.
export { type PageServer, servePages } from "./serve-pages.ts";
export { soon } from "./soon.ts";
