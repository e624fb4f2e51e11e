// What axe cannot judge, as one line for each fault. `smallest` is the least width and height of a target, in px.
(smallest) => {
  const faults = [];
  const tell = (what, element) =>
    faults.push(`${what}: ${(element || document.body).outerHTML.replace(/\s+/g, " ").slice(0, 160)}`);
  const isShown = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const isBefore = (first, second) =>
    Boolean(first.compareDocumentPosition(second) & Node.DOCUMENT_POSITION_FOLLOWING);

  // One language, one big heading, and no level left out below it.
  if (!document.documentElement.lang) tell("no language", document.querySelector("title"));
  if (document.querySelectorAll("h1").length !== 1) tell(`${document.querySelectorAll("h1").length} h1`);
  let level = 1; // a box above the big heading, such as what went wrong, has one of the second size
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    if (!isShown(heading)) continue;
    const own = Number(heading.tagName[1]);
    if (own > level + 1) tell(`h${own} follows h${level}`, heading);
    level = own;
  }

  // Errors are said in the title, and each leads to a box that takes the focus.
  const isWrong = document.querySelector(".error-summary, .field-error, .errornote, .errorlist, .refusal") !== null;
  if (isWrong !== document.title.startsWith("Error: ")) tell("errors and title differ", document.querySelector("title"));
  for (const link of document.querySelectorAll(".error-summary a")) {
    const control = document.getElementById(link.hash.slice(1));
    control?.focus();
    if (!control?.matches("input, select, textarea") || document.activeElement !== control) {
      tell("an error that leads to no box", link);
    }
    control?.blur();
  }

  // Label, hint and error come before the box that they are tied to; the label of a tick box right after it.
  const words = (element) => (element?.getAttribute("aria-describedby") || "").split(/\s+/).filter(Boolean);
  for (const control of document.querySelectorAll("input, select, textarea")) {
    if (["hidden", "submit"].includes(control.type)) continue;
    const isTicked = ["checkbox", "radio"].includes(control.type);
    if (!control.labels.length && !control.getAttribute("aria-label")) tell("no label", control);
    for (const label of control.labels) {
      if (isTicked ? control.nextElementSibling !== label : !isBefore(label, control)) tell("label out of place", control);
    }
    const ids = [...words(control), ...words(control.closest("fieldset"))];
    for (const id of ids) {
      const text = document.getElementById(id);
      if (!text || !isBefore(text, control)) tell(`"${id}" is not said before`, control);
    }
    for (const text of control.closest(".field")?.querySelectorAll(".hint, .field-error") || []) {
      if (!ids.includes(text.id)) tell(`"${text.innerText}" is not tied to`, control);
    }
  }

  // What a finger must hit is big enough. Hit or missed: links inside a sentence may be as small as their words.
  const half = smallest / 2 - 1;
  for (const target of document.querySelectorAll("a[href], button, summary, input, select, textarea")) {
    if (!isShown(target) || target.closest(".visually-hidden")) continue;
    if (target.tagName === "A") {
      if (target.closest(".prose p, .prose li")) continue;
      let line = target.parentElement;
      while (getComputedStyle(line).display === "inline") line = line.parentElement;
      const rest = line.innerText.replace(target.innerText, "").trim();
      if (rest && getComputedStyle(target).display.startsWith("inline")) continue;
    }
    const own = [target, ...(target.labels || [])];
    const biggest = ["checkbox", "radio"].includes(target.type) && target.labels[0] ? target.labels[0] : target;
    biggest.scrollIntoView({ block: "center", behavior: "instant" });
    const box = biggest.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    if (box.bottom < 0 || box.right < 0) continue; // waits outside until it has the focus: the skip link
    for (const [right, down] of [[-half, 0], [half, 0], [0, -half], [0, half]]) {
      const hit = document.elementFromPoint(x + right, y + down);
      if (!own.some((element) => element.contains(hit))) {
        tell(`smaller than ${smallest} px (${Math.round(box.width)} x ${Math.round(box.height)})`, target);
        break;
      }
    }
  }
  return faults;
}
