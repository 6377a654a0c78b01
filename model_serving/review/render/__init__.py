"""The report as Markdown, text, JSON and SARIF. Renderers decide nothing."""
