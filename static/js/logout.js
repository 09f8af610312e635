/** Logging out also forgets what this browser kept for the account. */

import { forget } from "./drafts.js";

document.getElementById("logout")?.addEventListener("submit", forget);
