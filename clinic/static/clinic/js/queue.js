// Single keys on the list of requests. Each stands for a button or a link of the page, which work without it.
"use strict";

(() => {
  const rows = [...document.querySelectorAll("[data-row]")];
  const sheet = document.getElementById("keys");
  const onOff = document.getElementById("keys-on");
  onOff.closest("[hidden]").hidden = false;
  onOff.checked = sessionStorage.getItem("keys") !== "off";
  onOff.addEventListener("change", () => sessionStorage.setItem("keys", onOff.checked ? "on" : "off"));

  const isTyping = target => target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");

  const link = row => row.querySelector(".field-patient a");
  const current = () => rows.findIndex(row => row.contains(document.activeElement));

  const goTo = index => {
    if (!rows.length) return;
    const row = rows[Math.max(0, Math.min(index, rows.length - 1))];
    link(row).focus();
    row.scrollIntoView({ block: "nearest" });
  };

  const press = key => document.querySelector(`[data-key="${key}"]`)?.click();

  const acts = {
    n: () => press("n"),
    j: () => goTo(current() + 1),
    ArrowDown: () => goTo(current() + 1),
    k: () => goTo(current() - 1),
    ArrowUp: () => goTo(current() - 1),
    o: () => current() >= 0 && link(rows[current()]).click(),
    "/": () => document.querySelector("input[type=search]")?.focus(),
    "?": () => sheet.showModal(),
  };

  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (sheet.open || isTyping(event.target)) return;
    // Arrows and ? are no letters that a voice might utter: they stay on.
    const isArrow = event.key.startsWith("Arrow");
    if (!(onOff.checked || isArrow) || !Object.hasOwn(acts, event.key)) return;
    if (isArrow && current() < 0) return; // the page scrolls until a row has the focus
    event.preventDefault();
    acts[event.key]();
  });

  document.querySelector('a[data-key="?"]').addEventListener("click", event => {
    event.preventDefault();
    sheet.showModal();
  });
})();
