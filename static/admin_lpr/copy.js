// Copies what a button names; where the browser refuses, selects it for the person to copy.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "✓ " + button.textContent.replace("✓ ", "");
    } catch {
      getSelection().selectAllChildren(source);
    }
  });
}
