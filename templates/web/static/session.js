// A log-in that lives in this page's memory and nowhere else: closing the page ends it, and no
// other script can read it from a store or a cookie.

import { Problem, call, post } from "./api.js";

export class Session {
  #access = null;
  #refresh = null;
  #renewal = null;

  async logIn(email, password) {
    await this.#keep(await post("/auth/login", { email, password }));
  }

  async logOut() {
    const spent = this.#refresh;
    this.#access = this.#refresh = null;
    if (spent) await post("/auth/logout", { refresh_token: spent }).catch(() => {}); // Forgotten here all the same.
  }

  /** A GET with the access token; one that has run out is renewed once. */
  async get(path) {
    const used = this.#access;
    try {
      return await call(path, { token: used });
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
    }
    await this.#renew(used);
    return call(path, { token: this.#access });
  }

  /** One renewal at a time: a refresh token that is used twice ends the whole log-in. */
  async #renew(used) {
    if (used !== this.#access) return; // Somebody else has renewed it meanwhile.
    if (!this.#refresh) throw new Problem(401);
    this.#renewal ??= post("/auth/refresh", { refresh_token: this.#refresh })
      .then((answer) => this.#keep(answer))
      .finally(() => { this.#renewal = null; });
    await this.#renewal;
  }

  async #keep(answer) {
    const tokens = await answer.json();
    this.#access = tokens.access_token;
    this.#refresh = tokens.refresh_token;
  }
}
