"""What can happen at the help desk: each event changes its world and fires the hooks it promises.

`catalogue` needs no Django; the other modules do, and are imported when something happens.
"""
