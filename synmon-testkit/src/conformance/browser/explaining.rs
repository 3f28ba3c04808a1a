//! What is told of a page where a step has failed.

use synmon_core::secret::{Redactor, SecretValue};

use super::{Subject, candidates, selector};
use crate::Site;

pub async fn what_each_candidate_finds_is_told(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<main><p class=x>one</p><p class=x hidden>two</p><p class=x>three</p></main>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let several = candidates(&["css=#gone", "css=p.x", "text=three", "css=p:nonsense"]);
    let explained = tab.explain(&several).await;
    let counts: Vec<_> =
        explained.candidates.iter().map(|one| (one.matches, one.visible)).collect();
    assert_eq!(counts, [(0, 0), (3, 2), (1, 1), (0, 0)]);
    let invalid: Vec<_> = explained.candidates.iter().map(|one| one.invalid.is_some()).collect();
    assert_eq!(invalid, [false, false, false, true]);
    let written: Vec<_> = explained.candidates.iter().map(|one| &*one.selector).collect();
    assert_eq!(written, ["css=#gone", "css=p.x", "text=three", "css=p:nonsense"]);
    let html = explained.html.unwrap();
    assert!(html.contains("one</p>"), "{html}");
    tab.close().await;
}

pub async fn the_html_is_that_around_the_element(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<section id=near><button id=send disabled>Send</button></section><script>
         for (let i = 0; i < 5000; i += 1) document.body.insertAdjacentHTML('beforeend',
           `<p>filler ${i}</p>`)</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    let html = tab.explain(&selector("css=#send")).await.html.unwrap();
    assert!(html.contains("disabled") && html.contains("Send</button>"), "{html}");
    assert!(html.len() < 50_000, "{} bytes", html.len());
    let html = tab.explain(&selector("css=#nothing")).await.html.unwrap();
    assert!(!html.is_empty() && html.len() < 50_000, "{} bytes", html.len());
    tab.close().await;
}

pub async fn nobody_reads_in_it_what_was_typed(subject: Subject<'_>) {
    let site = Site::with(&[(
        "/",
        "<form><input id=user value=preset-value><input id=password type=password>
         <textarea>preset-text</textarea><button id=go disabled>Go</button>
         <script>const token = 'script-secret'</script></form>
         <p id=long></p><div id=mixed></div><script>
         const long = 'x'.repeat(190) + 'secret-in-two-parts';
         document.querySelector('#long').textContent = long;
         document.querySelector('#mixed').append(long, document.createElement('hr'))</script>",
    )])
    .await;
    let mut tab = subject.tab().await;
    tab.open(&site.url("/")).await;
    tab.type_text("css=#password", "typed-secret").await;
    tab.type_text("css=textarea", "typed-text").await;
    let html = tab.explain(&selector("css=form")).await.html.unwrap();
    assert!(html.contains("id=\"go\""), "{html}");
    for secret in ["typed", "preset", "script-secret"] {
        assert!(!html.contains(secret), "{secret} in {html}");
    }
    // What is cut off in the middle of a secret is known as its beginning.
    let mut redactor = Redactor::default();
    redactor.add("SECRET", &SecretValue::new("secret-in-two-parts".to_owned()));
    for find in ["css=#long", "css=#mixed"] {
        let mut html = tab.explain(&selector(find)).await.html.unwrap();
        assert!(html.contains("secret"), "{html}");
        redactor.redact(&mut html);
        assert!(html.contains("xxx") && !html.contains("secret-in"), "{html}");
    }
    tab.close().await;
}
