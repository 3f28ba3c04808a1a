//! stub
pub fn routes() -> poem::Route {
    poem::Route::new()
}
