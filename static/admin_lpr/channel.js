// A recipient's form: of the fields that channels need, those of the chosen channel.
const select = document.querySelector("select[name=channel]");

function show() {
  for (const field of document.querySelectorAll("[data-channels]")) {
    const isWanted = !select.value || field.dataset.channels.split(" ").includes(select.value);
    field.closest(".form-row").classList.toggle("hidden", !isWanted);
  }
}

if (select) {
  select.addEventListener("change", show);
  show();
}
