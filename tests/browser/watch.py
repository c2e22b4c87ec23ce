"""What a person would not see but must not happen: script errors, forbidden content, calls to other hosts."""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

# Chromium writes a line for every answer of 400 and more; refusals are part of the stories.
REFUSED = "Failed to load resource: the server responded with a status of 4"


class Watch:
    """Collects the troubles of every page of a context.

    hosts: the site first, then who else may be asked. forgiven: how lines begin that a test itself provokes.
    """

    def __init__(self, *hosts: str) -> None:
        self.hosts = {urlsplit(host).netloc for host in hosts}
        self.site = urlsplit(hosts[0]).netloc
        self.forgiven = [REFUSED]
        self.troubles: list[str] = []

    def follow(self, context: BrowserContext) -> None:
        """Listen to all pages of a context, also those that it opens itself."""
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(tuple(self.forgiven)):
            self.troubles.append(f"console: {message.text} ({message.location.get('url')})")

    def _error(self, error: WebError) -> None:
        self.troubles.append(f"script: {error.error}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc not in self.hosts:
            self.troubles.append(f"foreign host: {request.url}")

    def _response(self, response: Response) -> None:
        parts = urlsplit(response.url)
        lost = response.status == 404 and parts.path.startswith("/static/")
        if parts.netloc == self.site and (response.status >= 500 or lost):
            self.troubles.append(f"{response.status}: {response.request.method} {response.url}")
