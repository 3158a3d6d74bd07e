// The scripted Ollama as a process of its own: its timers share no event loop with the agent that measures it.
import "@ozone/simulator/scripted-ollama/alone";
