// Puts the chosen text into the message at once. Without this the button does it, with a page load.
"use strict";
for (const reply of document.querySelectorAll(".reply")) {
  const message = document.getElementById(reply.dataset.into);
  const choice = reply.querySelector("select");
  reply.querySelector("button").addEventListener("click", (event) => {
    const text = choice.selectedOptions[0]?.dataset.text;
    event.preventDefault();
    if (!text) {
      choice.focus();
      return;
    }
    message.value = [message.value.trimEnd(), text].filter(Boolean).join("\n\n");
    message.focus();
  });
}
