"""What each kind of job does when a worker takes it up: session in, plain JSON result out."""
