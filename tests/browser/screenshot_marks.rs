//! Screenshots with boxes and indices (`SCREENSHOT_MARKS`).

use agent::image::{Image, ImageFormat};
use agent::ports::{Browsers, PageSpec};

use crate::support::{OwnBrowser, Site, Tab, run};

/// A white button on white, and a script that reports every change to the page.
const PLAIN: &str = "<style>body { background: #fff } button { position: absolute; left: 100px; top: 100px; width: 200px;\
    height: 60px; border: 0; background: #fff; color: #fff }</style><button>Send</button><script>\
    let changes = 0; new MutationObserver((list) => { changes += list.length }).observe(document, { subtree: true,\
    childList: true, attributes: true, characterData: true });\
    document.querySelector('button').onclick = () => tell(`${changes} changes, ${document.querySelectorAll('*').length} elements`)\
    </script>";

/// The pixels at the button's border, inside it and beside it: `ink` or `paper`.
async fn colours(browser: &OwnBrowser, picture: &Image) -> String {
    let body = format!(
        "<img src='{}'><script>const image = document.querySelector('img'); image.decode().then(() => {{\
         const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);\
         const pen = canvas.getContext('2d'); pen.drawImage(image, 0, 0);\
         const at = (x, y) => Math.min(...pen.getImageData(x, y, 1, 1).data.slice(0, 3)) < 128 ? 'ink' : 'paper';\
         tell([at(150, 101), at(101, 130), at(200, 130), at(400, 130), canvas.width].join(' ')) }})</script>",
        picture.data_url()
    );
    let site = Site::of(&[("/", &body)]).await;
    let tab = browser.open().await;
    tab.go(&site.url("/")).await.unwrap();
    let told = site.hears_any().await;
    tab.close().await;
    told
}

async fn open(browser: &OwnBrowser, format: ImageFormat, site: &Site) -> Tab {
    let spec = PageSpec::plain(Some(format));
    let tab = Tab::new(browser.pool.open(spec).await.unwrap());
    tab.go(&site.url("/")).await.unwrap();
    tab
}

#[test]
fn screenshots_show_boxes_and_indices_without_changing_the_page() {
    run(async {
        let browser = OwnBrowser::start(|settings| settings.screenshot_marks = true).await;
        let site = Site::of(&[("/", PLAIN)]).await;
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Webp] {
            let tab = open(&browser, format, &site).await;
            let picture = tab.observe().await.screenshot.unwrap();
            assert_eq!(picture.format, ImageFormat::Png, "whatever was asked for");
            assert_eq!(colours(&browser, &picture).await, "ink ink paper paper 1280", "{format:?}");
            // The model gets the same screenshot.
            let picture = tab.page().picture().await.unwrap();
            assert_eq!(colours(&browser, &picture).await, "ink ink paper paper 1280");
            tab.close().await;
        }
        let tab = open(&browser, ImageFormat::Png, &site).await;
        tab.observe().await;
        tab.click("Send").await.unwrap();
        site.hears("0 changes, 9 elements").await;
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn without_the_setting_screenshots_have_no_boxes() {
    run(async {
        let browser = OwnBrowser::start(|_| {}).await;
        let site = Site::of(&[("/", PLAIN)]).await;
        let tab = open(&browser, ImageFormat::Png, &site).await;
        let picture = tab.observe().await.screenshot.unwrap();
        assert_eq!(colours(&browser, &picture).await, "paper paper paper paper 1280");
        tab.close().await;
        browser.close().await;
    });
}
