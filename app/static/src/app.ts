// Everything that the product's own pages run: one script, loaded with defer. Pages work without it; it makes them live.
import "./page/htmx_setup";
import "./commands/capture";
import "./commands/keys";
import "./page/copy";
import "./page/filter_list";
import "./page/first_keys";
import "./page/menus";
import "./page/press_itself";
import "./page/print";
import "./page/slide";
import "./page/threshold";
import "./inbox/bulk";
import "./inbox/conversation";
import "./composer/slash";
import "./composer/mention";
import "./composer/soft_lock";
import "./inbox/answering";
import "./inbox/choice_dialog";
import "./inbox/composer";
import "./inbox/earlier";
import "./inbox/frames";
import "./inbox/helpers";
import "./inbox/leaving";
import "./inbox/lightbox";
import "./inbox/macro_menu";
import "./inbox/reply_window";
import "./inbox/rows_window";
import "./inbox/search";
import "./inbox/views";
import "./inbox/template_form";
import "./notices/permission";
import "./notices/push";
import "./offline/leaving";
import "./offline/registration";
import { goLive } from "./inbox/live";

// the server says times in the zone of the browser that asks
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`tz=${zone}`)) {
  document.cookie = `tz=${zone}; path=/; max-age=31536000; samesite=lax`;
}

if (document.querySelector('meta[name="user"]')) goLive();
