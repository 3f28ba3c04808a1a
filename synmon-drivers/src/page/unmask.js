// Uncovers what was painted over for a picture.
unmask();
return { state: 'whole' };
