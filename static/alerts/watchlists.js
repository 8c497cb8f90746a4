// Keys of the page of one list: / searches its entries, n adds a plate.
const search = document.querySelector("[data-search]");
const number = document.querySelector("#id_number");

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = { "/": search, n: number }[event.key];
  if (target) {
    event.preventDefault();
    target.focus();
  }
});
