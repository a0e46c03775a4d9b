"""The tested models behind the book, and what shows them.

Chapter 1, the crowd:
    crowd      estimates of one quantity: aggregation, the diversity identity, correlation
    juries     yes-or-no judgements: Condorcet, unequal competence, asking the audience
    influence  what talking does to a crowd: averaging, cascades, small groups
    teams      Hong and Page's problem solvers: diversity against ability
    markets    polls, and a market maker whose price pools private beliefs

For every chapter:
    figures    the book's figure style
    explore    a figure with sliders, in a kernel and baked into the page; predict
"""
