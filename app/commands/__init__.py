"""What people can do, as data: the pages there are, the commands, and the keys that reach them.

Navigation, the command bar, the keyboard and its sheet are all drawn from here, so that none of them can differ.
"""
