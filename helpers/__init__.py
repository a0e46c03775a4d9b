"""The tested models behind the book, and what shows them.

Chapter 1, the crowd:
    quantiles    a distribution known by a published table, as Galton's guesses are
    guesses      a class's own guesses, as people write them: read, cleaned, weighed
    crowd        estimates of one quantity: aggregation, the diversity identity, correlation
    juries       yes-or-no judgements: Condorcet, unequal competence, asking the audience
    influence    what talking does to a crowd: averaging, cascades, small groups
    teams        Hong and Page's problem solvers: diversity against ability
    markets      polls, and a market maker whose price pools private beliefs

Chapter 2, colonies, swarms and flocks:
    ants         the double bridge: ants that choose by pheromone
    foraging     a colony, and couriers with a map, on ground with walls
    tours        Ant System and Ant Colony System on the travelling salesman's problem
    touring      a colony at work on a tour, to be watched and touched
    labour       division of labour by response thresholds
    bees         how a swarm chooses a nest: stop signals, quorum, independence
    swarm        flocks: Vicsek's birds, and boids with a hawk

Chapter 3, the brain:
    memory       Hopfield's networks: Hebb and projection, capacity, damage, dense memories
    remembering  a network remembering a digit, to be watched and touched
    neurons      the leaky neuron, the perceptron, pools of noisy neurons
    synchrony    Kuramoto's orchestra, and neurons that kick one another
    recovery     networks that read digits, are damaged and learn again (torch)
    relearning   what practice on a part brings back of the rest
    networks     what is left of a network when nodes fail or are attacked

Chapter 4, ensembles:
    features     what a person tells a machine to look for in a digit
    problems     Breiman's and Friedman's synthetic problems
    trees        decision trees as flat arrays, some of whose nodes may be lost
    ensembles    votes of many models: competence, correlation, margins, strength
    felling      a forest seen tree by tree, to be watched and felled

Chapter 5, statistical and deep learning:
    statistical  least squares, discriminant, logistic regression: a closed form, or Newton
    svm          the support vector machine: a quadratic programme
    ridgeless    double descent: the risk of the shortest least squares
    fields       a linear-chain conditional random field: messages along a chain
    deep         the multilayer perceptron: gradients by hand and forward, feedback alignment, coming to rest (torch)
    deep_linear  deep linear networks: modes that are learned when a formula says (torch)
    descent      balls on a loss surface, to be watched and dropped
    automata     elementary cellular automata: shortcuts, symmetries
    coarse       elementary cellular automata seen coarsely: blocks that follow a rule

Chapter 6, signals:
    signals      one language for every signal: fidelity, delay, bytes
    channels     synapses and trails: many poor messengers, and a receiver who forgets slowly
    propagation  signals through deep random networks: the mean-field theory
    finite_width  signals through real random networks, with noise and in 16 bits
    consensus    averages without a centre: weights, spectral gaps, gossip
    fastest      the weights with which a graph agrees fastest
    gossiping    a network that must agree, to be watched and cut
    allreduce    sums over real processes, by ring, tree and server (starts torch)
    staleness    gradients that come late
    exchange     exchange economies: prices that grope, and Scarf's that never settle
    auctioneer   an auctioneer at work, to be watched and replaced
    auction      a double auction, and traders without intelligence
    meanfield    a game of N players who feel their mean, and its limit
    directions   how many nearly orthogonal directions fit
    superposition  more features than dimensions, and a net that learns to live with it

Chapter 7, agents:
    games        bimatrix games: best replies, equilibria, potentials
    routing      selfish routing: Wardrop, Braess, tolls, drivers who change one by one
    cournot      firms who choose quantities, and where competition fails
    imitation    learning a game: the replicator flow, fictitious play, regret matching
    playing      two players who learn a game, to be watched and typed
    learners     two who learn one game together: independent, joint-action, optimistic
    climbing     pairs in the climbing game, to be watched and joined
    credit       one task, and what each is told of its merit
    marl         networked actors and critics (Zhang et al. 2018)
    team_optimum  how well such a team could do
    networked    a team whose links may be cut, to be watched
    territories  agents who divide work by their own rewards
    harvest      agents at harvest, to be watched and sent away
    coalitions   what a group is worth without each of its members
    heads        a transformer of attention alone, and what its heads are worth (torch)
    experts      a mixture of experts, and a dense net of its size (torch)
    society      modules that bid for the right to act
    bidding      a society of bidders, to be watched and sacked

Chapter 8, the stance:
    social_choice  majorities of sensible people that go in circles, or contradict themselves
    twins        every system without a centre, beside its centralized twin: a package, a module a pair
    atlas        all pairs hurt and disturbed alike, on common axes

For every chapter:
    checks       what the models ask of their arguments
    lots         choices by lot: chances from scores, and what is drawn
    information  entropy, and how much two things tell of each other
    data         the book's small data files
    sweep        a model run many times, on one processor or many, and what came of it
    runs         the file that keeps a sweep's runs, and reads them when they are asked for
    scenes       what a moving model is, and the layers of what it shows
    live         a moving model at work, in the page, in a kernel and when it is recorded
    figures      the book's figure style
    ruler        axes that draw all their marks with one
    explore      a figure with sliders, in a kernel and baked into the page
    stage        models that move and can be touched: recorded, or live
    dependencies  which modules of this package a piece of Python needs
    controls     the sliders, choices and checkboxes of an explorer or a stage
    state        what an explorer shows and says for one choice of its controls
    bake         an explorer without a kernel: every state drawn and packed
    svg          a figure as compact SVG in the page's colours and font
    record       a stage's runs, small enough to travel with the page
    still        a stage's scene standing still, for paper
    bets         many predictions at once, each with how sure the reader is
    predict      the reader commits first: a question before an explorer
    paste        a text that the reader gives, and what a model makes of it
    glue         numbers that the prose quotes
    wording      numbers in words, for the sentences of the figures
    in_browser   a notebook in the reader's browser: what a cell lacks there, in one line
"""
