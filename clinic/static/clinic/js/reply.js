// Puts a text into the message as soon as it is chosen. Without this the button does it, with a page load.
"use strict";
for (const reply of document.querySelectorAll(".reply")) {
  const message = document.getElementById(reply.dataset.into);
  const choice = reply.querySelector("select");
  let last = "";
  const insert = () => {
    const text = choice.selectedOptions[0]?.dataset.text;
    // Another choice takes the place of the last one, as long as nobody has written into it.
    const before = last && message.value.endsWith(last) ? message.value.slice(0, -last.length) : message.value;
    message.value = [before.trimEnd(), text].filter(Boolean).join("\n\n");
    last = text ?? "";
  };
  choice.addEventListener("change", insert);
  reply.querySelector("button").addEventListener("click", (event) => {
    event.preventDefault();
    if (!message.value.includes(choice.selectedOptions[0]?.dataset.text || "\u0000")) insert();
    message.focus();
  });
}
