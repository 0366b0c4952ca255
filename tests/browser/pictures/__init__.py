"""`make pictures`: what pages look like, for eyes, and for a test that sees what has moved.

looks       size, scheme and language of a picture; how a page is made to keep still
coarse      pictures of a few squares, of which two are the same when nothing has moved
compared    the ten pages that are compared with how they looked
__main__    all states in all looks, to be looked at; or what the test expects
"""
