// Everything that the product's own pages run: one script, loaded with defer.
import "htmx.org";
