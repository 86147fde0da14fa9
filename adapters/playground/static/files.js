// Files that are pasted, dropped on the page or chosen. They go to the receiver that was added last: an open form
// before the composer.

import { byId } from "./dom.js";

const receivers = [];
const drop = byId("drop");

// Adds a receiver; returns a function that removes it.
export function receive(onFiles) {
  receivers.push(onFiles);
  return () => receivers.splice(receivers.indexOf(onFiles), 1);
}

const passOn = (files, target) => receivers.at(-1)?.([...files], target);

const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

addEventListener("paste", (event) => {
  const files = event.clipboardData?.files;
  // A table copied from an office program also contains a picture of itself; its text is what is pasted.
  const pastesText = event.clipboardData?.types.includes("text/plain") && event.target.closest("input, textarea");
  if (!files?.length || pastesText) return;
  event.preventDefault();
  passOn(files, event.target);
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
  // The pointer left the window: between two elements there is always a related target.
  if (!event.relatedTarget && drop.matches(":popover-open")) drop.hidePopover();
});

addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  if (drop.matches(":popover-open")) drop.hidePopover();
  passOn(event.dataTransfer.files, document.elementsFromPoint(event.clientX, event.clientY).find((one) => one !== drop && !drop.contains(one)));
});

const TYPES = { picture: "image/*,.heic,.heif,.avif", video: "video/*,.mkv,.3gp" };

// Opens the file chooser; `several` allows more than one file, `kind` offers only pictures or videos.
export function pick({ several, kind = null }, onFiles) {
  const field = byId("files");
  field.accept = kind ? TYPES[kind] : Object.values(TYPES).join(",");
  field.multiple = several;
  field.value = "";
  field.onchange = () => { if (field.files.length) onFiles([...field.files]); };
  field.click();
}
