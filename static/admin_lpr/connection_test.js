// Test connection: sends the form as it stands, then asks for news until there is a picture or a reason.
const ASK_EVERY_MS = 600;
const GIVE_UP_MS = 45_000;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class ConnectionTest {
  constructor(root) {
    this.root = root;
    this.button = root.querySelector("button");
    this.news = root.querySelector(".lpr-test-news");
    this.figure = root.querySelector("figure");
    this.button.addEventListener("click", () => this.run());
  }

  async run() {
    this.button.disabled = true;
    this.figure.hidden = true;
    this.say(this.root.dataset.waiting);
    try {
      await this.follow(await this.start());
    } catch (error) {
      this.say(error instanceof TypeError ? this.root.dataset.lost : error.message, "is-bad");
    } finally {
      this.button.disabled = false;
    }
  }

  async start() {
    const body = new FormData(this.root.closest("form"));
    if (this.root.dataset.camera) body.set("camera", this.root.dataset.camera);
    const answer = await this.ask(this.root.dataset.url, { method: "POST", body });
    return answer.news_url;
  }

  async follow(url) {
    for (const until = Date.now() + GIVE_UP_MS; Date.now() < until; await wait(ASK_EVERY_MS)) {
      const news = await this.ask(url);
      if (news.state === "done") return this.show(news);
      if (news.state === "failed") throw new Error(news.sentence);
      this.say(this.root.dataset[news.state]);
    }
    throw new Error(this.root.dataset.nobody);
  }

  async ask(url, options = {}) {
    const answer = await fetch(url, { credentials: "same-origin", ...options });
    if (!answer.headers.get("Content-Type")?.startsWith("application/json")) {
      throw new TypeError("not an answer of the test");
    }
    const news = await answer.json();
    if (!answer.ok) throw new Error(news.sentence);
    return news;
  }

  show(news) {
    const { from, took } = this.root.dataset;
    const figures = [`${news.width} × ${news.height}`, news.codec];
    if (news.fps) figures.push(`${Math.round(news.fps * 10) / 10} ${from}`);
    figures.push(`${news.took_s.toFixed(1)} ${took}`);
    const picture = this.figure.querySelector("img");
    picture.src = news.picture_url;
    this.figure.querySelector("figcaption").textContent = figures.join(" · ");
    this.figure.hidden = false;
    this.say(this.root.dataset.good, "is-good");
    document.dispatchEvent(new CustomEvent("camera-picture", { detail: news.picture_url }));
  }

  say(text, mood = "") {
    this.news.textContent = text;
    this.news.className = `lpr-quiet lpr-test-news ${mood}`;
  }
}

for (const root of document.querySelectorAll("[data-connection-test]")) new ConnectionTest(root);
