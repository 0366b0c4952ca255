"""`make mutants`: shows where the unit tests only run the code and would not notice a mistake in it.

    mutations   the mistakes that a module can have, one expression or statement each
    trial       one mistake: the unit tests of its package in a process that has it
    __main__    a sample of them by a seed, and the table

A mistake that the tests notice is killed. The kept-up tools (mutmut, cosmic-ray) try all mistakes or a list
of them, and drop no calls; mutatest, which takes samples by a seed, has had no release since 2022.
"""
