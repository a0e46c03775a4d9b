"""Plain models, one tree, forests and boosting on the data sets that scikit-learn ships: makes contest.csv beside it.

    python book/data/contest.py        (some minutes)

Each split draws 70% of the cases for learning and tests on the rest. Nothing is searched for: each method has its
library's defaults, but for 100 members (rounds, for boosting), trees of depth 3 for AdaBoost, a third of the inputs
asked at each fork of a forest that predicts numbers, and inputs scaled to unit variance for logistic regression.
"""
import platform
import warnings
from pathlib import Path

import joblib
import numpy as np
import sklearn
import xgboost
from sklearn import datasets, ensemble, linear_model, neighbors, tree
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SPLITS, MEMBERS = 30, 100
HERE = Path(__file__).with_suffix(".csv")
SETS = {"digits": datasets.load_digits, "tumours": datasets.load_breast_cancer, "wines": datasets.load_wine,
        "diabetes": datasets.load_diabetes}
CLASSIFIERS = {
    "logistic or linear regression": lambda **seed: make_pipeline(StandardScaler(), linear_model.LogisticRegression(max_iter=1000)),
    "nearest neighbour": lambda **seed: neighbors.KNeighborsClassifier(1),
    "one tree": tree.DecisionTreeClassifier,
    "forest": lambda **seed: ensemble.RandomForestClassifier(MEMBERS, **seed),
    "AdaBoost": lambda **seed: ensemble.AdaBoostClassifier(tree.DecisionTreeClassifier(max_depth=3), n_estimators=MEMBERS, **seed),
    "gradient boosting": lambda **seed: ensemble.GradientBoostingClassifier(n_estimators=MEMBERS, **seed),
    "XGBoost": lambda **seed: xgboost.XGBClassifier(n_estimators=MEMBERS, n_jobs=1, **seed),
}
REGRESSORS = {
    "logistic or linear regression": lambda **seed: linear_model.LinearRegression(),
    "nearest neighbour": lambda **seed: neighbors.KNeighborsRegressor(1),
    "one tree": tree.DecisionTreeRegressor,
    "forest": lambda **seed: ensemble.RandomForestRegressor(MEMBERS, max_features=1 / 3, **seed),
    "AdaBoost": lambda **seed: ensemble.AdaBoostRegressor(tree.DecisionTreeRegressor(max_depth=3), n_estimators=MEMBERS, **seed),
    "gradient boosting": lambda **seed: ensemble.GradientBoostingRegressor(n_estimators=MEMBERS, **seed),
    "XGBoost": lambda **seed: xgboost.XGBRegressor(n_estimators=MEMBERS, n_jobs=1, **seed),
}


def error(name, method, split):
    """Per cent of wrong answers; for diabetes, per cent of the variance that is left unexplained."""
    inputs, targets = SETS[name](return_X_y=True)
    rng = np.random.default_rng([split, list(SETS).index(name)])
    order, cut = rng.permutation(len(targets)), round(0.7 * len(targets))
    learn, test = order[:cut], order[cut:]
    methods = REGRESSORS if name == "diabetes" else CLASSIFIERS
    made = methods[method](random_state=int(rng.integers(2**31))).fit(inputs[learn], targets[learn])
    return 100 * (1 - made.score(inputs[test], targets[test]))


def main():
    warnings.simplefilter("error")
    rows = [(name, method) for name in SETS for method in CLASSIFIERS]
    found = joblib.Parallel(2)(joblib.delayed(error)(*row, split) for row in rows for split in range(SPLITS))
    lines = [f"# By python book/data/contest.py with Python {platform.python_version()}, scikit-learn {sklearn.__version__}, "
             f"xgboost {xgboost.__version__}; splits 0 to {SPLITS - 1} are their own seeds.",
             "# error: per cent of wrong answers in the 30% held out, mean over the splits; for diabetes per cent of the variance",
             "# left unexplained. sd: between splits.", "data,method,error,sd,splits"]
    for row, errors in zip(rows, np.reshape(found, (len(rows), SPLITS)), strict=True):
        lines.append(f"{row[0]},{row[1]},{errors.mean():.3f},{errors.std(ddof=1):.3f},{SPLITS}")
    HERE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
