//! What real pages are made of.

use synmon_core::step::{Distance, Gesture};

use super::{Subject, replacing};
use crate::{Answer, Site};

pub async fn a_controlled_input(subject: Subject<'_>) {
    // As React does: the value is set from the state after each event, and whoever writes the
    // property by the way is not noticed.
    let site = Site::with(&[(
        "/",
        "<input id=plain><input id=masked><output></output><script>
         const control = (input, format) => {
           const own = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
           let known = '', state = '';
           Object.defineProperty(input, 'value', { configurable: true,
             get() { return own.get.call(this) },
             set(text) { known = text; own.set.call(this, text) } });
           input.addEventListener('input', () => {
             const now = own.get.call(input);
             if (now === known) return;
             known = now; state = format(now);
             queueMicrotask(() => { if (own.get.call(input) !== state) input.value = state;
               document.querySelector('output').textContent = `${plain.value}|${masked.value}` }) }) };
         control(plain, (text) => text);
         control(masked, (text) => text.replace(/\\D/g, '').replace(/(\\d{4})(?=\\d)/g, '$1 '))</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.type_text("css=#plain", "Ada").await;
    tab.type_text("css=#masked", "4111x1111").await;
    tab.says("css=output", "Ada|4111 1111").await;
    tab.act("css=#plain", replacing("Grace")).await;
    tab.says("css=output", "Grace|4111 1111").await;
    tab.act("css=#plain", Gesture::Clear).await;
    tab.says("css=output", "|4111 1111").await;
    tab.close().await;
}

pub async fn a_date_picker_of_divs(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<style>#days { display: none; position: absolute } #days.open { display: grid;
           grid-template-columns: repeat(7, 30px) }</style>
         <input id=date readonly placeholder='Date'><div id=days role=grid></div>
         <button id=next>›</button><script>
         let month = 1;
         const render = () => { days.innerHTML = ''; for (let day = 1; day <= 28; day += 1) {
           const cell = document.createElement('div'); cell.role = 'gridcell';
           cell.textContent = day;
           cell.onmousedown = (event) => { event.preventDefault();
             date.value = `2025-0${month}-${String(day).padStart(2, '0')}`; days.className = '' };
           days.append(cell) } };
         date.onfocus = () => { render(); days.className = 'open' };
         date.onblur = () => { days.className = '' };
         next.onmousedown = (event) => { event.preventDefault(); month += 1; render() }</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("css=#date").await;
    tab.click("css=#next").await;
    tab.click("role=gridcell[name=\"17\"]").await;
    assert_eq!(tab.value("css=#date").await, "2025-02-17");
    assert!(!tab.seen("css=#days").await.visible);
    tab.close().await;
}

pub async fn a_field_that_makes_proposals(subject: Subject<'_>) {
    let site = Site::answering(|request| match request.path() {
        "/" => Some(Answer::html(
            "<input placeholder=City><ul id=list></ul><script>
             const field = document.querySelector('input'); let timer, asked = 0;
             field.oninput = () => { clearTimeout(timer); timer = setTimeout(async () => {
               asked += 1;
               const cities = await (await fetch('/slow/150/cities?q=' + field.value)).json();
               list.innerHTML = cities.map((city) => `<li>${city}</li>`).join('') }, 200) };
             list.onclick = (event) => { field.value = event.target.textContent; list.innerHTML = '';
               document.title = `${field.value} after ${asked}` }</script>",
        )),
        "/cities" if request.target.ends_with("q=goth") => {
            Some(Answer::new("application/json", r#"["Gotha", "Gothenburg"]"#))
        }
        "/cities" => Some(Answer::new("application/json", "[]")),
        _ => None,
    })
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.type_text("label=City", "goth").await;
    tab.click("text=Gothenburg").await;
    assert_eq!(tab.value("label=City").await, "Gothenburg");
    assert!(tab.title().await.starts_with("Gothenburg after "));
    tab.close().await;
}

pub async fn a_list_that_shows_only_what_is_seen(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<style>#box { height: 300px; overflow: auto } #all { position: relative; height: 30000px }
         .row { position: absolute; height: 30px; left: 0; right: 0 }</style>
         <div id=box><div id=all></div></div><script>
         const render = () => { const first = Math.floor(box.scrollTop / 30);
           all.innerHTML = ''; for (let i = first; i < Math.min(first + 11, 1000); i += 1)
             all.insertAdjacentHTML('beforeend',
               `<div class=row style='top: ${i * 30}px' onclick='document.title = \"row ${i}\"'>row ${i}</div>`) };
         box.onscroll = () => requestAnimationFrame(render); render()</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    assert_eq!(tab.see("text=\"row 200\"").await, None);
    tab.act("css=#box", Gesture::Scroll(Some(Distance { x: 0, y: 6_000 }))).await;
    tab.click("text=\"row 200\"").await;
    assert_eq!(tab.title().await, "row 200");
    tab.close().await;
}

pub async fn a_modal_that_traps_the_focus(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<style>#modal { position: fixed; inset: 0; background: #0006 } [hidden] { display: none !important }
         </style><input id=outside><button id=open>open</button>
         <div id=modal hidden role=dialog><input id=inside><button id=done>Done</button></div><script>
         open_ = document.getElementById('open'); const modal = document.getElementById('modal');
         open_.onclick = () => { modal.hidden = false; inside.focus() };
         document.addEventListener('focusin', (event) => {
           if (!modal.hidden && !modal.contains(event.target)) inside.focus() });
         done.onclick = () => { modal.hidden = true; document.title = inside.value }</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("css=#open").await;
    tab.type_text("css=#inside", "typed").await;
    for _ in 0..3 {
        tab.press(None, "Tab").await;
    }
    tab.click("role=button[name=\"Done\"]").await;
    assert_eq!(tab.title().await, "typed");
    tab.type_text("css=#outside", "x").await;
    assert_eq!(tab.value("css=#outside").await, "x");
    tab.close().await;
}

pub async fn a_cookie_banner_in_a_shadow_root(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<button id=buy onclick='document.title += \"bought\"'>Buy</button><cookie-banner></cookie-banner>
         <script>customElements.define('cookie-banner', class extends HTMLElement {
           connectedCallback() { setTimeout(() => {
             this.attachShadow({ mode: 'open' }).innerHTML =
               `<style>div { position: fixed; inset: 0; background: #fffc }</style>
                <div><p>Cookies!</p><button>Accept all</button><button>Only what is needed</button></div>`;
             this.shadowRoot.querySelector('button').onclick = () => {
               document.title += 'accepted+'; this.remove() } }, 200) } })</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.click("role=button[name=\"Accept all\"]").await;
    tab.click("text=Buy").await;
    assert_eq!(tab.title().await, "accepted+bought");
    tab.close().await;
}

pub async fn an_application_of_one_page(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<title>shop</title><nav><a href='/list'>List</a> <a href='/cart'>Cart</a></nav><main>home</main>
         <script>const show = (path) => setTimeout(() => {
           document.querySelector('main').innerHTML = `<h1>${path.slice(1)}</h1>`;
           document.title = path.slice(1) }, 120);
         document.querySelector('nav').onclick = (event) => { event.preventDefault();
           const path = event.target.getAttribute('href'); history.pushState(0, '', path); show(path) };
         onpopstate = () => show(location.pathname)</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let document = tab.page().await.document;
    for path in ["list", "cart"] {
        tab.click(&format!("css=a[href='/{path}']")).await;
        tab.says("css=h1", path).await;
        let page = tab.page().await;
        assert_eq!(page.url, site.url(&format!("/{path}")).as_str());
        assert_eq!((&page.title, &page.document), (&path.to_owned(), &document));
        // The status of the document that is shown is still that of the document that came.
        assert_eq!(page.http_status, Some(200));
    }
    tab.close().await;
}

pub async fn a_list_without_end(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<style>p { height: 60px }</style><main></main><div id=end>loading …</div><script>
         let count = 0;
         const more = () => { for (let i = 0; i < 20; i += 1)
           document.querySelector('main').insertAdjacentHTML('beforeend', `<p>item ${count += 1}</p>`);
           // Who scrolls before the next frame must be noticed, too.
           observer.unobserve(end); observer.observe(end) };
         const observer = new IntersectionObserver((entries) => {
           if (entries.some((entry) => entry.isIntersecting)) setTimeout(more, 100) });
         observer.observe(end)
         </script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.says("css=p:nth-child(20)", "item 20").await;
    crate::until("eighty items", async || {
        tab.act("css=#end", Gesture::Scroll(None)).await;
        (tab.seen("css=p").await.matches >= 80).then_some(())
    })
    .await;
    tab.click("text=\"item 61\"").await;
    tab.close().await;
}

pub async fn a_form_that_is_answered_by_a_redirect(subject: Subject<'_>) {
    let site = Site::answering(|request| match (&*request.method, request.path()) {
        ("GET", "/") => Some(Answer::html(
            "<form method=post action='/order'><input name=what><input type=checkbox name=gift value=yes>
             <select name=size><option>S<option>M</select><button>Order</button></form>",
        )),
        ("POST", "/order") => {
            let place = format!("/thanks?{}", request.body);
            Some(Answer::redirect(303, &place))
        }
        ("GET", "/thanks") => Some(Answer::html("<title>thanks</title>")),
        _ => None,
    })
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.type_text("css=[name=what]", "tea").await;
    tab.act("css=[name=gift]", Gesture::Check(true)).await;
    tab.act("css=select", Gesture::Select("M".to_owned())).await;
    tab.click("css=button").await;
    let page = tab.page().await;
    assert_eq!((&*page.title, page.http_status), ("thanks", Some(200)));
    assert_eq!(page.url, site.url("/thanks?what=tea&gift=yes&size=M").as_str());
    // Loading again orders nothing again.
    tab.travel(synmon_core::browser::Travel::Reload).await;
    let orders = site.asked().iter().filter(|request| request.path() == "/order").count();
    assert_eq!(orders, 1);
    tab.close().await;
}

pub async fn a_log_in_with_a_session_cookie(subject: Subject<'_>) {
    let site = Site::answering(|request| {
        let known = request.header("cookie").contains("session=s3cret");
        match (&*request.method, request.path()) {
            ("POST", "/login") if request.body == "user=ada&password=lovelace" => Some(
                Answer::redirect(303, "/account")
                    .header("set-cookie", "session=s3cret; HttpOnly; SameSite=Lax; Path=/"),
            ),
            ("POST", "/login") => {
                Some(Answer::html("<title>log in</title><p role=alert>Wrong password</p>").status(401))
            }
            (_, "/account") if known => Some(Answer::html("<title>account</title><h1>Hello Ada</h1>")),
            (_, "/account") => Some(Answer::redirect(302, "/login")),
            (_, "/login") => Some(Answer::html(
                "<title>log in</title><form method=post><label>User <input name=user></label>
                 <label>Password <input type=password name=password></label><button>Log in</button></form>",
            )),
            _ => None,
        }
    })
    .await;
    let mut tab = subject.tab().await;
    for (password, title) in [("wrong", "log in"), ("lovelace", "account")] {
        tab.open(&site.url("/account")).await;
        assert_eq!(tab.title().await, "log in");
        tab.type_text("label=User", "ada").await;
        tab.type_text("label=Password", password).await;
        tab.press(None, "Enter").await;
        assert_eq!(tab.title().await, title);
    }
    tab.open(&site.url("/account")).await;
    assert_eq!(tab.text("css=h1").await, "Hello Ada");
    tab.close().await;
}
