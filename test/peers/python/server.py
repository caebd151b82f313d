"""A tool server of each Python library: `server.py mcp|fastmcp PORT [plain]`. `plain`: without sessions, with answers in JSON."""

import sys
from typing import Any

from pydantic import BaseModel

LIBRARY, PORT, IS_PLAIN = sys.argv[1], int(sys.argv[2]), "plain" in sys.argv[3:]

server: Any
if LIBRARY == "fastmcp":
    from fastmcp import Context, FastMCP

    server = FastMCP("a FastMCP server", instructions="Ask for the weather.")
else:
    from mcp.server.mcpserver import Context, MCPServer

    server = MCPServer("a server of the Python SDK", instructions="Ask for the weather.")


class Weather(BaseModel):
    city: str
    degrees: float


class Stay(BaseModel):
    nights: int


@server.tool()
def weather(city: str) -> Weather:
    """The weather of a city, with its structure."""
    return Weather(city=city, degrees=21.5)


@server.tool()
def fails(why: str) -> str:
    """Fails, as tools do."""
    raise ValueError(why)


@server.tool()
async def counts(to: int, ctx: Context) -> str:
    """Tells how far it is."""
    for at in range(to):
        await ctx.report_progress(at + 1, to)
    return f"counted to {to}"


@server.tool()
async def books(city: str, ctx: Context) -> str:
    """Asks how long the stay is."""
    answer = await ctx.elicit(f"How many nights in {city}?", Stay)
    return f"{answer.action}: {answer.data.nights} nights" if answer.action == "accept" else answer.action


@server.resource("cities://all", mime_type="text/plain")
def cities() -> str:
    """All cities."""
    return "Zürich\nParis\n"


@server.resource("cities://{name}/mayor")
def mayor(name: str) -> str:
    """Who rules a city."""
    return f"nobody rules {name}"


@server.prompt()
def greet(name: str) -> str:
    """Greets somebody."""
    return f"Say hello to {name}."


if LIBRARY == "fastmcp":
    server.run("http", show_banner=False, host="127.0.0.1", port=PORT, json_response=IS_PLAIN, stateless_http=IS_PLAIN)
else:
    server.run("streamable-http", host="127.0.0.1", port=PORT, json_response=IS_PLAIN, stateless_http=IS_PLAIN)
