// Tells whoever keeps a request open who has it now, and whether it has changed. Without it the page says how it was.
"use strict";

(() => {
  const banner = document.getElementById("claim");
  if (!banner) return;
  const EVERY = 20000; // milliseconds
  const part = name => banner.querySelector(`[data-claim="${name}"]`);

  const say = (element, text) => {
    // Only what has changed: each change of a live region is read aloud.
    if (element.textContent !== text) element.textContent = text;
  };

  const look = async () => {
    if (document.visibilityState !== "visible") return;
    let now;
    try {
      const answer = await fetch(banner.dataset.who, { headers: { Accept: "application/json" }, redirect: "error" });
      if (!answer.ok) return;
      now = await answer.json();
    } catch {
      return; // no network, or no longer signed in: the next look may tell more
    }
    say(part("sentence"), now.sentence);
    say(part("left"), now.left);
    part("changed").hidden = String(now.version) === banner.dataset.version;
  };

  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
})();
