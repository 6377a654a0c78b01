"""Python processes of the engine that start with the packages of the virtual environment already imported.

An engine run starts two or three of them, and each spends most of its time on the import of the same packages. Here a
server imports them once and forks for each start. The modules of the project are imported once too, for sandboxes
whose files are those of the checkout; others import their own. What runs in the fork is the same. Tests that show a
start itself (the demo, the README, the wheel) don't use it.
"""
