"""A Flask page that does nothing, under the product's own server: below this no page of it can come."""

from flask import Flask


def create_app() -> Flask:
    """Return an application whose one page says nothing."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "")
    return app
