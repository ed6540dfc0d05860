import streamlit as st

st.title("Order")
with st.form("order"):
    name = st.text_input("Name")
    number = st.number_input("Number of cups", min_value=1, max_value=9, value=2)
    colour = st.selectbox("Colour", ["red", "green", "blue"])
    extras = st.multiselect("Extras", ["lid", "spoon", "saucer"])
    size = st.radio("Size", ["small", "large"])
    gift = st.checkbox("Wrap as a gift")
    sent = st.form_submit_button("Order")
if sent:
    st.success(f"{name} ordered {number} {size} {colour} cups{', wrapped' if gift else ''}.")
