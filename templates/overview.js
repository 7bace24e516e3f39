// Sorts and filters the table of a class. Without it the table is there whole, in the order of names.
{
  const table = document.getElementById("results");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const controls = document.querySelector(".controls");
  const filter = document.getElementById("filter");
  const status = controls.querySelector("[role=status]");
  const chips = [...controls.querySelectorAll("button")];
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const plain = (text) => text.normalize("NFC").toLowerCase();
  const texts = new Map(rows.map((row) => [row, plain(row.textContent)]));
  const count = (number) => number.toLocaleString(document.documentElement.lang);

  // By the number that a cell carries, if it does, else by its text. What is empty comes last, whichever way.
  function sort(column, way) {
    const key = ({ dataset, textContent }) => dataset.key ?? textContent;
    const keys = new Map(rows.map((row) => [row, key(row.cells[column])]));
    const compare = "key" in rows[0]?.cells[column].dataset ? (a, b) => a - b : collator.compare;
    rows.sort((a, b) => {
      const [one, other] = [keys.get(a), keys.get(b)];
      if (!one || !other) return !one - !other;
      return way * compare(one, other);
    });
    body.append(...rows);
  }

  function show() {
    const wanted = (plain(filter.value).match(/"[^"]+"|[^\s"]+/g) ?? []).map((word) => word.replaceAll('"', ""));
    const groups = [...controls.querySelectorAll("[role=group]")]
      .map((group) => [...group.querySelectorAll("[aria-pressed=true]")].map((chip) => chip.dataset.class))
      .filter((pressed) => pressed.length);
    let shown = 0;
    for (const row of rows) {
      const fits = groups.every((pressed) => pressed.some((name) => row.classList.contains(name)))
        && wanted.every((word) => texts.get(row).includes(word));
      row.hidden = !fits;
      shown += fits;
    }
    status.textContent = controls.dataset.shown.replace("{total}", count(rows.length)).replace("{shown}", count(shown));
  }

  function all() {
    filter.value = "";
    for (const chip of chips) chip.ariaPressed = "false";
    show();
  }

  // A row that a link leads to is shown, whatever was asked for.
  function reveal(hash) {
    const row = hash.startsWith("#r") && document.getElementById(hash.slice(1));
    if (!row?.hidden) return;
    all();
    row.scrollIntoView();
  }

  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const way = head.ariaSort === "ascending" ? -1 : 1;
      for (const other of table.tHead.rows[0].cells) other.ariaSort = null;
      head.ariaSort = way > 0 ? "ascending" : "descending";
      sort(column, way);
    });
  });
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.ariaPressed = chip.ariaPressed === "true" ? "false" : "true";
      show();
    });
  }
  for (const group of document.querySelectorAll("[data-filter]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = controls.dataset.show;
    button.addEventListener("click", () => {
      all();
      filter.value = `"${group.dataset.filter}"`;
      show();
      filter.focus();
    });
    group.append(button);
  }
  filter.addEventListener("input", show);
  addEventListener("hashchange", () => reveal(location.hash));
  addEventListener("click", ({ target }) => reveal(target.closest("a[href^='#']")?.hash ?? ""));
  controls.hidden = false;
  show();
  reveal(location.hash);
}
