// Files that come by paste, by drop on the page, or by the button. Whoever asked last gets them: an open form
// before the composer.

import { byId } from "./dom.js";

const takers = [];
const drop = byId("drop");

// Answers a function that ends it.
export function receive(taker) {
  takers.push(taker);
  return () => takers.splice(takers.indexOf(taker), 1);
}

const give = (files, target) => takers.at(-1)?.([...files], target);

const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

addEventListener("paste", (event) => {
  const files = event.clipboardData?.files;
  // A table copied from an office program brings a picture of itself: its text is what is meant.
  const words = event.clipboardData?.types.includes("text/plain") && event.target.closest("input, textarea");
  if (!files?.length || words) return;
  event.preventDefault();
  give(files, event.target);
});

addEventListener("dragenter", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  if (!drop.matches(":popover-open")) drop.showPopover();
});

addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
});

addEventListener("dragleave", (event) => {
  // Out of the window: between two elements there is always a related one.
  if (!event.relatedTarget && drop.matches(":popover-open")) drop.hidePopover();
});

addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  if (drop.matches(":popover-open")) drop.hidePopover();
  give(event.dataTransfer.files, document.elementsFromPoint(event.clientX, event.clientY).find((one) => one !== drop && !drop.contains(one)));
});

// Lets somebody choose files; `several` at once.
export function pick({ several }, taker) {
  const field = byId("files");
  field.multiple = several;
  field.value = "";
  field.onchange = () => { if (field.files.length) taker([...field.files]); };
  field.click();
}
