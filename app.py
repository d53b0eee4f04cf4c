"""emoviz. Run with `streamlit run app.py`."""

import streamlit as st

from emoviz.app import frame

st.set_page_config(page_title="emoviz", page_icon=frame.ICON, layout="wide", initial_sidebar_state=272)

st.navigation(
    {
        "Look": [
            st.Page("pages/overview.py", title="Overview", icon=":material/insights:", default=True),
            st.Page("pages/conflicts.py", title="Conflicts", icon=":material/compare_arrows:"),
            st.Page("pages/disk.py", title="Disk", icon=":material/blur_on:"),
            st.Page("pages/explain.py", title="Explain", icon=":material/movie:"),
            st.Page("pages/evaluate.py", title="Evaluate", icon=":material/leaderboard:"),
        ],
        "Do": [st.Page("pages/datasets.py", title="Datasets", icon=":material/database:")],
    }
).run()
