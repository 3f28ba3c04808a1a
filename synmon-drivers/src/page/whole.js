// Whether what was painted over for a picture is so still, and nothing else shows it.
return { state: window[MASK]?.isWhole() ? 'whole' : 'torn' };
