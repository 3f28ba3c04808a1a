//! What people watch: logging in, ordering, searching.

use serde_json::json;

use super::FlowCase;
use crate::Pages;

const LOG_IN: Pages = &[
    (
        "/login",
        "<title>Log in</title><form><label>User <input name=user autocomplete=username></label>
         <label>Password <input name=password type=password></label><button>Log in</button></form>
         <script>document.forms[0].onsubmit = (event) => { event.preventDefault();
           const { user, password } = document.forms[0];
           if (user.value === 'ada' && password.value === 'lovelace') {
             document.cookie = 'session=1'; location = '/account'
           } else { document.body.insertAdjacentHTML('beforeend', '<p role=alert>Wrong</p>') } }</script>",
    ),
    (
        "/account",
        "<title>Account</title><script>if (!document.cookie.includes('session=1')) location = '/login'
         </script><h1>Hello Ada</h1><button>Log out</button><script>
         document.querySelector('button').onclick = () => {
           document.cookie = 'session=; max-age=0'; location = '/login' }</script>",
    ),
];

pub fn logging_in_and_out() -> FlowCase {
    FlowCase::on(
        LOG_IN,
        json!([
            { "action": "tapping", "selectors": ["label=User"], "content": "ada" },
            { "action": "tapping", "selectors": ["label=Password"], "content": "wrong" },
            { "action": "click", "selectors": ["role=button[name=\"Log in\"]"] },
            { "action": "assert_text", "selectors": ["role=alert"], "content": "Wrong" },
            { "action": "tapping", "selectors": ["label=Password"], "content": "lovelace",
              "mode": "replace" },
            { "action": "press", "content": "Enter" },
            { "action": "wait_url", "content": "/account" },
            { "action": "assert_text", "selectors": ["css=h1"], "content": "Hello Ada" },
            { "action": "click", "selectors": ["text=Log out"], "always": true },
            { "action": "wait_url", "content": "/login" },
            { "action": "navigate", "content": "$SITE/account" },
            { "action": "wait_url", "content": "/login" },
        ]),
    )
    .starting_at("/login")
}

const SHOP: Pages = &[
    (
        "/",
        "<title>Shop</title><cookie-banner></cookie-banner><form action='/search'>
         <input name=q placeholder=Search></form><script>
         customElements.define('cookie-banner', class extends HTMLElement { connectedCallback() {
           this.attachShadow({ mode: 'open' }).innerHTML = `<div style='position: fixed; inset: 0;
             background: #fffc'><button>Accept all</button></div>`;
           this.shadowRoot.querySelector('button').onclick = () => this.remove() } })</script>",
    ),
    (
        "/search",
        "<title>Results</title><main>Searching …</main><script>setTimeout(() => {
           document.querySelector('main').innerHTML = ['Green tea', 'Black tea', 'Tea pot'].map(
             (name, i) => `<article><h2>${name}</h2><b class=price>${i + 4}.50 €</b>
               <button onclick=\"location = '/cart?item=${i}'\">Add</button></article>`).join('') }, 300)
         </script>",
    ),
    (
        "/cart",
        "<title>Cart</title><h1></h1><label>Pieces <input type=number value=1 min=1></label>
         <label>Ship to <select><option>Sweden<option>Norway</select></label>
         <label><input type=checkbox>Gift</label><p id=total></p><button>Order</button><script>
         const item = new URL(location).searchParams.get('item');
         document.querySelector('h1').textContent = ['Green tea', 'Black tea', 'Tea pot'][item];
         const total = () => { const pieces = document.querySelector('[type=number]').value;
           document.getElementById('total').textContent = `Total: ${(pieces * (Number(item) + 4.5)).toFixed(2)} €` };
         oninput = total; total();
         document.querySelector('button').onclick = () => setTimeout(() => {
           document.body.innerHTML = '<h1 role=status>Thank you!</h1>' +
             `<p>Order number <b id=number>A-${100 + Number(item)}</b></p>
              <a href='/orders?number=A-${100 + Number(item)}'>Your order</a>` }, 200)</script>",
    ),
    (
        "/orders",
        "<title>Order</title><p></p><script>document.querySelector('p').textContent =
           'Order ' + new URL(location).searchParams.get('number') + ' is on its way'</script>",
    ),
];

pub fn ordering_tea() -> FlowCase {
    FlowCase::on(
        SHOP,
        json!([
            { "action": "click", "selectors": ["role=button[name=\"Accept all\"]"] },
            { "action": "tapping", "selectors": ["label=Search"], "content": "tea\n" },
            { "action": "assert_title", "content": "Results" },
            { "action": "assert_count", "selectors": ["css=article"], "content": "3" },
            { "action": "extract", "selector_xpath": "//article[2]//b", "variable": "price",
              "pattern": "^([0-9.]+)" },
            { "action": "click", "selector_xpath": "//article[2]//button" },
            { "action": "assert_text", "selectors": ["css=h1"], "content": "Black tea", "match": "equals" },
            { "action": "assert_text", "selectors": ["css=#total"], "content": "{{ var.price }} €" },
            { "action": "tapping", "selectors": ["label=Pieces"], "content": "2", "mode": "replace" },
            { "action": "select", "selectors": ["label=Ship to"], "content": "Norway" },
            { "action": "check", "selectors": ["label=Gift"] },
            { "action": "assert_text", "selectors": ["css=#total"], "content": "11\\.00 €$",
              "match": "matches" },
            { "action": "click", "selectors": ["text=Order"] },
            { "action": "wait_text", "selectors": ["role=status"], "content": "Thank you" },
            { "action": "extract", "selectors": ["css=#number"], "variable": "number" },
            { "action": "click", "selectors": ["role=link"] },
            { "action": "assert_url", "content": "/orders?number={{ var.number }}" },
            { "action": "assert_text", "content": "Order {{var.number}} is on its way" },
            { "action": "screenshot", "full_page": true, "mask": ["css=p"] },
        ]),
    )
}

pub fn paying_in_a_frame() -> FlowCase {
    FlowCase::on(
        &[
            (
                "/",
                "<title>Pay</title><h1>Pay</h1><iframe id=card src='/card' style='height: 200px'></iframe>
                 <p id=state>open</p><script>onmessage = (event) => {
                   state.textContent = event.data }</script>",
            ),
            (
                "/card",
                "<label>Card number <input inputmode=numeric></label><button>Pay</button><script>
                 document.querySelector('button').onclick = () => setTimeout(() =>
                   parent.postMessage('paid with ' + document.querySelector('input').value.slice(-4), '*'),
                   250)</script>",
            ),
        ],
        json!([
            { "action": "switch_frame", "selectors": ["css=#card"] },
            { "action": "tapping", "selectors": ["label=Card number"], "content": "4111111111111111" },
            { "action": "click", "selectors": ["text=Pay"] },
            { "action": "switch_frame" },
            { "action": "wait_text", "selectors": ["css=#state"], "content": "paid with 1111" },
        ]),
    )
}

pub fn reading_terms_in_another_tab() -> FlowCase {
    FlowCase::on(
        &[
            (
                "/",
                "<title>Sign up</title><a href='/terms' target=_blank>Terms</a>
                 <label><input type=checkbox id=agree>I agree</label>
                 <button onclick='document.title = agree.checked ? \"Welcome\" : \"No\"'>Go</button>",
            ),
            ("/terms", "<title>Terms</title><h1>Terms of use</h1><p>Be kind.</p>"),
        ],
        json!([
            { "action": "click", "selectors": ["role=link[name=\"Terms\"]"] },
            { "action": "switch_tab", "content": "new" },
            { "action": "assert_text", "content": "Be kind." },
            { "action": "assert_title", "content": "Terms", "match": "equals" },
            { "action": "close_tab" },
            { "action": "check", "selectors": ["label=I agree"] },
            { "action": "click", "selectors": ["text=Go"] },
            { "action": "assert_title", "content": "Welcome" },
        ]),
    )
}

pub fn walking_through_an_application() -> FlowCase {
    FlowCase::on(
        &[(
            "/",
            "<title>App</title><nav><a href='/one'>One</a> <a href='/two'>Two</a></nav><main>Start</main>
             <script>const show = () => { document.title = location.pathname; setTimeout(() => {
               document.querySelector('main').textContent = location.pathname === '/' ? 'Start'
                 : 'Page ' + location.pathname.slice(1) }, 150) };
             onclick = (event) => { const link = event.target.closest('a'); if (!link) return;
               event.preventDefault(); history.pushState(0, '', link.href); show() };
             onpopstate = show</script>",
        )],
        json!([
            { "action": "click", "selectors": ["text=One"] },
            { "action": "assert_text", "selectors": ["css=main"], "content": "Page one" },
            { "action": "click", "selectors": ["text=Two"] },
            { "action": "wait_url", "content": "/two" },
            { "action": "assert_text", "selectors": ["css=main"], "content": "Page two" },
            { "action": "back" },
            { "action": "assert_text", "selectors": ["css=main"], "content": "Page one" },
            { "action": "forward" },
            { "action": "assert_text", "selectors": ["css=main"], "content": "Page two" },
            { "action": "assert_url", "content": "$SITE/two", "match": "equals" },
        ]),
    )
}
