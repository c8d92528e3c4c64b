"""What plugin code sends out while it runs is seen, and held where a policy says so.

Nothing is done for code that runs outside of any scope. What threads of plugins send that outlive
their host is held, whatever its policy was. Out of reach is what C libraries send by themselves
(libcurl, libpq), what calls `_socket` itself, and processes that are made by `os.fork`, `os.exec*`,
`os.spawn*` and `os.posix_spawn`, or by event loops other than those of `asyncio`. Asynchronous
clients other than httpx are seen as sockets: what is held of theirs comes to its end before a
handshake of TLS.
"""
