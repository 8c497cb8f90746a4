// Sends a file with a progress bar; without this script the form sends itself.

const form = document.querySelector("#upload");
const drop = document.querySelector("#drop");
const text = document.querySelector("#drop-text");
const sending = document.querySelector("#sending");

function showErrors(errors) {
  for (const place of form.querySelectorAll("[id$='_error'], #form_errors")) {
    place.replaceChildren();
  }
  for (const [name, sentences] of Object.entries(errors)) {
    const place = form.querySelector(`#id_${name}_error`) ?? form.querySelector("#form_errors");
    for (const sentence of sentences) {
      const line = document.createElement("div");
      line.className = "field-error";
      line.textContent = sentence;
      place.append(line);
    }
    form.elements[name]?.setAttribute("aria-invalid", "true");
  }
}

function showFile() {
  const [file] = form.elements.file.files;
  if (file) {
    const name = document.createElement("b");
    name.textContent = file.name;
    text.replaceChildren(name);
    showErrors({});
  }
}

function setBusy(isBusy) {
  sending.hidden = !isBusy;
  form.querySelector("button[type=submit]").disabled = isBusy;
}

function fail(sentence) {
  setBusy(false);
  showErrors({ __all__: [sentence] });
}

function answer(request) {
  if (request.status === 201) {
    location.assign(request.response.url);
  } else if (request.status === 422) {
    setBusy(false);
    showErrors(request.response.errors);
  } else if (request.status === 413) {
    fail(gettext("The file is larger than the server takes."));
  } else {
    fail(gettext("The server could not take the file. Try again in a minute."));
  }
}

function send() {
  const request = new XMLHttpRequest();
  request.responseType = "json";
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    sending.querySelector("progress").value = loaded / total;
    sending.querySelector("output").textContent = `${Math.floor((loaded / total) * 100)} %`;
  });
  request.addEventListener("load", () => answer(request));
  request.addEventListener("error", () => fail(gettext("The connection broke. Send the file again.")));
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  setBusy(true);
  request.send(new FormData(form));
}

if (form) {
  form.elements.file.addEventListener("change", showFile);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("is-over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.remove("is-over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    form.elements.file.files = event.dataTransfer.files;
    showFile();
  });
}
