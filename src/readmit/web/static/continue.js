// Presses the page's Continue button, which is there for browsers that run no scripts (security H5).
document.querySelector("form.main").submit();
